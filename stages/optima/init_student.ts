/** Declares the stage that makes the student that all policies of one seed start from. */

import { z } from "zod";
import { stage } from "../../pipeline/declare/stage.ts";
import { datasetKind, studentWeights, teacherStates } from "./kinds.ts";
import { modelShape, objective, optimiser } from "./schema.ts";

export const initStudent = stage({
  name: "init_student",
  describe: "student pre-trained on the task; its text module distilled where a condition asks",
  implementation: new URL("./init_student_run.ts", import.meta.url),
  inputs: { data: datasetKind, states: teacherStates },
  params: z.strictObject({
    student: modelShape,
    teacher: modelShape,
    objective,
    optimiser,
    batch: z.int(),
    pretrainSteps: z.int().min(0),
    /** Steps of distilling the text module alone; 0 leaves it unsolved. */
    presolveSteps: z.int().min(0),
    seed: z.int().min(0),
  }),
  outputs: { student: studentWeights },
  provider: true,
});
