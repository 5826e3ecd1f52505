/** Declares the stage that distils one student under one policy. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { DistillTrace } from "../../methods/optima/train_student.ts";
import { datasetKind, studentWeights, teacherStates } from "./kinds.ts";
import { conditionName, distillConfig, modelShape, policyName } from "./schema.ts";

/** A trace and what it is a trace of. */
export interface RunTrace extends DistillTrace {
  readonly condition: z.output<typeof conditionName>;
  readonly policy: z.output<typeof policyName>;
  readonly seed: number;
}

export const distill = stage({
  name: "distill",
  describe: "layer-wise distillation, the module of each pull chosen by a policy",
  implementation: new URL("./distill_run.ts", import.meta.url),
  inputs: { data: datasetKind, states: teacherStates, init: studentWeights },
  params: z.strictObject({
    student: modelShape,
    teacher: modelShape,
    distill: distillConfig,
    condition: conditionName,
    policy: policyName,
    seed: z.int().min(0),
  }),
  outputs: { student: studentWeights, trace: json<RunTrace>() },
  provider: true,
});
