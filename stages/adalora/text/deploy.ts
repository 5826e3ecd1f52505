/** Declares the stage that adapts the encoder once more and writes it as ONNX. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { type DeployedModel, modelsKind } from "../../common/text/deployed.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textTraining } from "../schema.ts";

export const deploy = stage({
  name: "deploy",
  describe: "adapt by AdaLoRA and write the model as ONNX, with merged weights and without",
  implementation: new URL("./deploy_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind },
  params: z.strictObject({
    rank: z.int(),
    initial: z.number(),
    lr: z.number(),
    training: textTraining,
    seed: z.int(),
    batches: z.array(z.int().positive()).min(1),
  }),
  outputs: { models: modelsKind, about: json<DeployedModel[]>() },
  provider: true,
});
