/** Declares the stage that reads a pre-trained encoder. */

import { z } from "zod";
import { many, tree } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "./kinds.ts";

/** Widens weights to float32, and keeps the embeddings of the tokens that the tasks use. */
export const loadEncoder = stage({
  name: "load_encoder",
  describe: "a pre-trained encoder with the embeddings that the tasks need",
  implementation: new URL("./load_encoder_run.ts", import.meta.url),
  inputs: { model: tree("npm-package"), tasks: many(textTaskKind) },
  params: z.strictObject({
    layers: z.int().positive().optional().describe(
      "blocks to keep, from the input; all when left out",
    ),
  }),
  outputs: { encoder: encoderKind },
});
