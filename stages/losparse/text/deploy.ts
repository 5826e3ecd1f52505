/** Declares the stage that compresses an encoder by some methods and writes the models as ONNX. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { type DeployedModel, modelsKind } from "../../common/text/deployed.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textBudget, textMethod, textTraining } from "../schema.ts";
import { factorsKind } from "./kinds.ts";

export const deploy = stage({
  name: "deploy",
  describe: "compress by some methods and write the models as ONNX, pruned rows taken out",
  implementation: new URL("./deploy_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind, factors: factorsKind },
  params: z.strictObject({
    models: z.array(
      z.strictObject({ method: textMethod, name: z.string(), budget: textBudget, lr: z.number() }),
    ),
    training: textTraining,
    seed: z.int(),
    batches: z.array(z.int().positive()).min(1),
  }),
  outputs: { models: modelsKind, about: json<DeployedModel[]>() },
  provider: true,
});
