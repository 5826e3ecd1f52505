/** Distils one student under one policy. */

import { decodeParameters, encodeParameters } from "../../methods/optima/checkpoint.ts";
import { readDataset } from "../../methods/optima/dataset.ts";
import { settingOf } from "../../methods/optima/student.ts";
import { decodeStates } from "../../methods/optima/teacher_states.ts";
import { distillStudent } from "../../methods/optima/train_student.ts";
import type { Run } from "../../pipeline/types.ts";
import type { distill } from "./distill.ts";
import { cocaConfig } from "./model.ts";

export const run: Run<typeof distill> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { condition, policy, seed } = params;
  const { optimiser, objective, ...plan } = params.distill;
  const dataset = await readDataset((name) => inputs.data.bytes(name));
  const states = decodeStates(await inputs.states.bytes());
  const setting = settingOf({
    sizes: {
      student: cocaConfig(params.student, dataset.meta),
      teacher: cocaConfig(params.teacher, dataset.meta),
      groups: dataset.meta.groups.length,
    },
    condition,
    objective,
    ...optimiser,
    variances: states.variances,
  });
  const init = decodeParameters(setting.layout, await inputs.init.bytes());
  const result = await distillStudent(
    { setting, dataset, states, provider, threads },
    init,
    policy,
    {
      ...plan,
      lr: optimiser.lr,
      warmup: optimiser.warmup,
      seed,
      onPull: (pull, pulls, loss) =>
        progress({
          step: pull * plan.bandit.pullSteps,
          steps: pulls * plan.bandit.pullSteps,
          loss,
        }),
    },
  );
  await outputs.student.write(encodeParameters(setting.layout, result.params));
  await outputs.trace.write({ condition, policy, seed, ...result.trace });
};
