/** Declares the stage that runs the teacher over every item once. */

import { z } from "zod";
import { stage } from "../../pipeline/declare/stage.ts";
import { datasetKind, teacherStates, teacherWeights } from "./kinds.ts";
import { modelShape } from "./schema.ts";

export const inferTeacher = stage({
  name: "infer_teacher",
  describe: "hidden states of the distilled layers and embeddings of every pair",
  implementation: new URL("./infer_teacher_run.ts", import.meta.url),
  inputs: { data: datasetKind, teacher: teacherWeights },
  params: z.strictObject({
    model: modelShape,
    /** Depths of the student's modules: they decide which teacher layers are kept. */
    student: modelShape.pick({ imageLayers: true, textLayers: true, multimodalLayers: true }),
    batch: z.int().min(1).default(256),
  }),
  outputs: { states: teacherStates },
  resources: { cores: 2 },
  provider: true,
});
