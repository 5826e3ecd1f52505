/** Reads a pre-trained encoder of BERT's form. */

import {
  bertConfigOf,
  bertFromCheckpoint,
  encodeEncoder,
  withVocabulary,
} from "../../../methods/nn/mod.ts";
import { decode } from "../../../methods/tensor/safetensors.ts";
import { decodeTextTask } from "../../../methods/text/text_task.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { loadEncoder } from "./load_encoder.ts";

const CONFIG = "model/config.json", WEIGHTS = "model/model.fp16.safetensors";

export const run: Run<typeof loadEncoder> = async ({ inputs, params: { layers }, outputs }) => {
  const { model } = inputs;
  const tasks = await Promise.all(inputs.tasks.map(async (task) => {
    return decodeTextTask(await task.bytes());
  }));
  const config = bertConfigOf(JSON.parse(await model.text(CONFIG)));
  const weights = decode(await model.bytes(WEIGHTS), { file: WEIGHTS });
  // States are pooled by their mean, so that the pooler of the first token is left out.
  const { pooler: _, ...whole } = bertFromCheckpoint(config, weights);
  const blocks = whole.blocks.slice(0, layers);
  const params = { ...whole, blocks }, kept = { ...config, layers: blocks.length };
  const all = Int32Array.from({ length: config.vocab }, (_, id) => id);
  const used = Int32Array.from(new Set(tasks.flatMap(({ vocabulary }) => [...vocabulary]))).sort();
  await outputs.encoder.write(
    encodeEncoder(withVocabulary({ config: kept, params, vocabulary: all }, used)),
  );
};
