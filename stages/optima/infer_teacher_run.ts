/** Runs the teacher over every item and keeps what students are matched to. */

import { decodeParameters } from "../../methods/optima/checkpoint.ts";
import { readDataset } from "../../methods/optima/dataset.ts";
import { inferStates } from "../../methods/optima/infer_teacher.ts";
import { encodeStates } from "../../methods/optima/teacher_states.ts";
import { cocaLayout } from "../../methods/optima/train_teacher.ts";
import type { Run } from "../../pipeline/types.ts";
import type { inferTeacher } from "./infer_teacher.ts";
import { cocaConfig } from "./model.ts";

export const run: Run<typeof inferTeacher> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const dataset = await readDataset((name) => inputs.data.bytes(name));
  const config = cocaConfig(params.model, dataset.meta);
  const states = await inferStates({
    config,
    params: decodeParameters(cocaLayout(config), await inputs.teacher.bytes()),
    studentDepths: params.student,
    dataset,
    batch: params.batch,
    provider,
    threads,
    onItems: (step, steps) => progress({ step, steps }),
  });
  await outputs.states.write(encodeStates(states));
};
