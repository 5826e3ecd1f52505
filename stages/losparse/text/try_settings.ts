/** Declares the stage that tries learning rates of one method at one budget on validation texts. */

import { z } from "zod";
import type { TextMethod } from "../../../methods/losparse/text_methods.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textBudget, textMethod, textTraining } from "../schema.ts";
import { factorsKind } from "./kinds.ts";

/** Mean over the calibration seeds, on one task. */
export interface TriedSetting {
  readonly task: string;
  readonly method: TextMethod;
  readonly budget: string;
  /** Of the budget, that goes to low rank. */
  readonly share: number;
  readonly lr: number;
  /** Cross-entropy of validation texts, by which settings are chosen. */
  readonly loss: number;
  readonly accuracy: number;
}

export const trySettings = stage({
  name: "try_settings",
  describe: "try learning rates on validation texts",
  implementation: new URL("./try_settings_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind, factors: factorsKind },
  params: z.strictObject({
    method: textMethod,
    name: z.string(),
    budget: textBudget,
    rates: z.array(z.number()),
    training: textTraining,
    seeds: z.array(z.int()),
  }),
  outputs: { tried: json<TriedSetting[]>() },
  provider: true,
});
