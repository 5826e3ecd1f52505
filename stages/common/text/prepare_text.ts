/** Declares the stage that makes a task of text classification from a data package. */

import { z } from "zod";
import { tree } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { DataPackage } from "../data_package.ts";
import { textTaskKind } from "./kinds.ts";
import { BROWN, COOKING, IMDB, WORDNET } from "./packages.ts";

/** The package of each task. */
export const TEXT_TASKS = {
  imdb: IMDB,
  cooking: COOKING,
  brown: BROWN,
  wordnet: WORDNET,
} as const satisfies Record<string, DataPackage>;
export type TextTaskName = keyof typeof TEXT_TASKS;
export const TEXT_TASK_NAMES = Object.keys(TEXT_TASKS) as [TextTaskName, ...TextTaskName[]];

/** Sizes of a task. */
export const prepareTextParams = z.strictObject({
  task: z.enum(TEXT_TASK_NAMES),
  tokens: z.int().min(4).max(512).describe("of a text, [CLS] and [SEP] included"),
  train: z.int().min(1).describe("texts to train on"),
  validation: z.int().min(1).describe("texts to choose settings by"),
  test: z.int().min(1).describe("texts to report"),
  from: z.enum(["start", "end"]).default("start").describe(
    "what of a longer review of `imdb` is kept; reviewers sum up at the end",
  ),
  perGroup: z.int().min(1).default(10).describe("most passages of one document"),
  classes: z.int().min(2).default(8).describe(
    "tags of `cooking` or domains of `wordnet`, the most frequent ones",
  ),
  seed: z.int().default(0).describe("of the split"),
});

/** Removes repetitions, splits by document where there are documents, and encodes for the model. */
export const prepareText = stage({
  name: "prepare_text",
  describe: "labelled texts without repetitions, split and encoded",
  implementation: new URL("./prepare_text_run.ts", import.meta.url),
  inputs: { corpus: tree("npm-package"), model: tree("npm-package") },
  params: prepareTextParams,
  outputs: { task: textTaskKind },
});
