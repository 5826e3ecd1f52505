/** Declares the stage that looks at the user's encoder: whether it can be read, and what it is. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { type ModelAbout, userFileKind } from "./kinds.ts";

export const checkModel = stage({
  name: "check_model",
  describe: "what the user's encoder is, once it was read whole",
  implementation: new URL("./check_model_run.ts", import.meta.url),
  inputs: { config: userFileKind, weights: userFileKind },
  params: z.strictObject({ weights: z.string() }),
  outputs: { about: json<ModelAbout>() },
});
