/** Reads what all stages that train on text are given. */

import { decodeFactors } from "../../../methods/losparse/factors_file.ts";
import type { Budget } from "../../../methods/losparse/text_methods.ts";
import type { TextSetting } from "../../../methods/losparse/text_study.ts";
import type { FileReader } from "../../../pipeline/types.ts";
import { readTextTask } from "../../common/text/kinds.ts";

/** The task, the encoder with the task's vocabulary, and the factors of its maps. */
export async function readSetting(
  inputs: { readonly task: FileReader; readonly encoder: FileReader; readonly factors: FileReader },
): Promise<TextSetting> {
  const factors = decodeFactors(await inputs.factors.bytes());
  return { ...await readTextTask(inputs), factors };
}

/** A budget of the configuration as the methods take it. */
export function budgetOf({ ratio, share }: { ratio: number; share: number }): Budget {
  return { ratio, lowRank: ratio * share };
}
