/** Declares the stage that trains the CoCa-mini teacher. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import { datasetKind, teacherWeights } from "./kinds.ts";
import { teacherConfig } from "./schema.ts";

/** Training loss of one step. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

export const trainTeacher = stage({
  name: "train_teacher",
  describe: "CoCa-mini: contrastive and captioning loss on the training pairs",
  implementation: new URL("./train_teacher_run.ts", import.meta.url),
  inputs: { data: datasetKind },
  params: teacherConfig,
  outputs: { weights: teacherWeights, curve: json<LossPoint[]>() },
  resources: (params: z.output<typeof teacherConfig>) => ({ cores: params.cores }),
  provider: true,
});
