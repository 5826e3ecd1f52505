/** Runs the learn_images stage. */

import { imagePoints } from "../../methods/minkowski/image_design.ts";
import { runStudy } from "../../methods/minkowski/study.ts";
import { decode } from "../../methods/tensor/safetensors.ts";
import type { Run } from "../../pipeline/types.ts";
import type { learnImages } from "./learn_images.ts";

export const run: Run<typeof learnImages> = async (
  { inputs, params, outputs, provider, threads },
) => {
  const { train, test } = decode(await inputs.images.bytes());
  const rows = { pool: params.study.fit.sizes.at(-1)!, ...params.rows };
  const result = await runStudy({
    seeds: params.seeds,
    eigenvalues: await inputs.eigenvalues.read(),
    points: (seed) => imagePoints(seed, { train, test }, rows),
    settings: params.study,
    provider,
    threads,
  });
  await outputs.result.write(result);
};
