/** Pre-trains a student on the task, then distils its text module alone if asked. */

import { encodeParameters } from "../../methods/optima/checkpoint.ts";
import { readDataset } from "../../methods/optima/dataset.ts";
import { initStudent as initialParameters, settingOf } from "../../methods/optima/student.ts";
import { decodeStates } from "../../methods/optima/teacher_states.ts";
import { trainPlain } from "../../methods/optima/train_student.ts";
import type { Tree } from "../../methods/tensor/mod.ts";
import type { NdArray } from "../../methods/tensor/mod.ts";
import type { Run } from "../../pipeline/types.ts";
import type { initStudent } from "./init_student.ts";
import { cocaConfig } from "./model.ts";

/** Steps of one run of the training program. */
const CHUNK = 10;

export const run: Run<typeof initStudent> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { seed, batch, optimiser } = params;
  const dataset = await readDataset((name) => inputs.data.bytes(name));
  const states = decodeStates(await inputs.states.bytes());
  const sizes = {
    student: cocaConfig(params.student, dataset.meta),
    teacher: cocaConfig(params.teacher, dataset.meta),
    groups: dataset.meta.groups.length,
  };
  const common = { sizes, ...optimiser, variances: states.variances };
  const materials = { dataset, states, provider, threads };
  const plan = { batch, lr: optimiser.lr, warmup: optimiser.warmup, chunk: CHUNK };

  // Pre-training stands for the released small CoCa: the task alone, no teacher.
  const task = settingOf({
    ...common,
    condition: "even",
    objective: { ...params.objective, kdWeight: 0, taskWeight: 1 },
  });
  let flat = task.layout.pack(initialParameters(seed, sizes) as unknown as Tree<NdArray>);
  progress({ message: "pre-training on the task" });
  flat = await trainPlain({ ...materials, setting: task }, flat, [], {
    ...plan,
    seed,
    steps: params.pretrainSteps,
  });
  if (params.presolveSteps > 0) {
    progress({ message: "distilling the text module alone" });
    const text = settingOf({
      ...common,
      condition: "even",
      objective: { ...params.objective, kdWeight: 0, taskWeight: 0 },
    });
    flat = await trainPlain({ ...materials, setting: text }, flat, ["text"], {
      ...plan,
      seed,
      steps: params.presolveSteps,
    });
  }
  await outputs.student.write(encodeParameters(task.layout, flat));
};
