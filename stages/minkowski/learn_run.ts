/** Runs the learn stage. */

import { gaussianPoints, type Part } from "../../methods/minkowski/design.ts";
import { DESIGNS } from "../../methods/minkowski/designs.ts";
import { eigenvalues } from "../../methods/minkowski/spectrum.ts";
import { runStudy } from "../../methods/minkowski/study.ts";
import type { Run } from "../../pipeline/types.ts";
import type { learn } from "./learn.ts";

export const run: Run<typeof learn> = async ({ params, outputs, provider, threads }) => {
  const { spectrum, dimension } = DESIGNS[params.design];
  const lambda = eigenvalues(spectrum, dimension);
  const rows = { pool: params.study.fit.sizes.at(-1)!, ...params.rows };
  const result = await runStudy({
    seeds: params.seeds,
    eigenvalues: lambda,
    points: (seed) => {
      const draw = (part: Part) => gaussianPoints(seed, part, lambda, rows[part]);
      return {
        pool: draw("pool"),
        fresh: draw("fresh"),
        validation: draw("validation"),
        test: draw("test"),
      };
    },
    settings: params.study,
    provider,
    threads,
  });
  await outputs.result.write(result);
};
