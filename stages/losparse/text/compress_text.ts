/** Declares the stage that compresses an encoder while it is fine-tuned, seed by seed. */

import { z } from "zod";
import type { TextMethod } from "../../../methods/losparse/text_methods.ts";
import type { TextOutcome } from "../../../methods/losparse/text_study.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textBudget, textMethod, textTraining } from "../schema.ts";
import { factorsKind } from "./kinds.ts";

/** What one seed came to. */
export interface SeedOutcome extends Pick<TextOutcome, "accuracy" | "loss" | "curve" | "ratio"> {
  /** Share of rankings that ties decided; 0 without pruning. */
  readonly ties: number;
  /** Rows kept of each map, of methods that prune. */
  readonly kept: readonly number[] | null;
}

/** What the seeds of one method at one budget on one task came to. */
export interface CompressedText {
  readonly task: string;
  readonly method: TextMethod;
  /** Its name; see `WHOLE`. */
  readonly budget: string;
  readonly lr: number;
  /** Compressed maps, and outputs of each. */
  readonly paths: readonly string[];
  readonly outputs: readonly number[];
  readonly seeds: readonly number[];
  /** Of test texts, in the order of seeds. */
  readonly outcomes: readonly SeedOutcome[];
  /** Scores of the first seed's rows at evenly spaced ranks, descending; null without pruning. */
  readonly spectrum: readonly number[] | null;
}

export const compressText = stage({
  name: "compress_text",
  describe: "compress a pre-trained encoder while it is fine-tuned on labelled texts",
  implementation: new URL("./compress_text_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind, factors: factorsKind },
  params: z.strictObject({
    method: textMethod,
    name: z.string(),
    budget: textBudget,
    lr: z.number(),
    training: textTraining,
    seeds: z.array(z.int()),
  }),
  outputs: { result: json<CompressedText>() },
  provider: true,
});
