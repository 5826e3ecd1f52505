/** Declares the stage that tries learning rates of one method at one budget on validation texts. */

import { z } from "zod";
import type { TextMethod } from "../../../methods/adalora/method_trainer.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textMethod, textTraining } from "../schema.ts";

/** Mean over the calibration seeds, on one task. */
export interface TriedRate {
  readonly task: string;
  readonly method: TextMethod;
  readonly rank: number;
  readonly lr: number;
  /** Cross-entropy of validation texts, by which rates are chosen. */
  readonly loss: number;
  readonly accuracy: number;
}

export const tryRates = stage({
  name: "try_rates",
  describe: "try learning rates on validation texts",
  implementation: new URL("./try_rates_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind },
  params: z.strictObject({
    method: textMethod,
    rank: z.int(),
    initial: z.number(),
    rates: z.array(z.number()),
    training: textTraining,
    seeds: z.array(z.int()),
  }),
  outputs: { tried: json<TriedRate[]>() },
  provider: true,
});
