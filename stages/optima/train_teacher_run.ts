/** Trains the teacher: chunks of steps, each chunk one run of one program. */

import { readDataset } from "../../methods/optima/dataset.ts";
import { trainCoca } from "../../methods/optima/train_teacher.ts";
import { encodeParameters } from "../../methods/optima/checkpoint.ts";
import type { Run } from "../../pipeline/types.ts";
import { cocaConfig } from "./model.ts";
import type { trainTeacher } from "./train_teacher.ts";

export const run: Run<typeof trainTeacher> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const dataset = await readDataset((name) => inputs.data.bytes(name));
  const result = await trainCoca({
    ...params,
    config: cocaConfig(params.model, dataset.meta),
    dataset,
    provider,
    threads,
    onSteps: (step, loss) => progress({ step, steps: params.steps, loss }),
  });
  await outputs.weights.write(encodeParameters(result.layout, result.params));
  await outputs.curve.write(result.curve);
};
