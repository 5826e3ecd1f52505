/** Declares the stage that fine-tunes an encoder by one method at one budget, seed by seed. */

import { z } from "zod";
import type { TextMethod } from "../../../methods/adalora/method_trainer.ts";
import type { TextOutcome } from "../../../methods/adalora/text_study.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textMethod, textTraining } from "../schema.ts";

/** What the seeds of one method at one budget on one task came to. */
export interface FineTuned {
  readonly task: string;
  readonly method: TextMethod;
  /** r̄. */
  readonly rank: number;
  readonly lr: number;
  /** Numbers that are trained beside the head, before pruning. */
  readonly parameters: number;
  readonly seeds: readonly number[];
  /** Of test texts, in the order of seeds. */
  readonly outcomes: readonly Omit<TextOutcome, "trained">[];
}

export const fineTune = stage({
  name: "fine_tune",
  describe: "fine-tune a pre-trained encoder on labelled texts",
  implementation: new URL("./fine_tune_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind },
  params: z.strictObject({
    method: textMethod,
    rank: z.int(),
    initial: z.number(),
    lr: z.number(),
    training: textTraining,
    seeds: z.array(z.int()),
  }),
  outputs: { result: json<FineTuned>() },
  provider: true,
});
