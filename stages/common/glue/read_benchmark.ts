/** How stages read a task and the user's encoder. */

import { type BenchmarkTask, decodeBenchmarkTask } from "../../../methods/finetuning/task.ts";
import { type Pretrained, pretrainedOf, withVocabulary } from "../../../methods/nn/mod.ts";
import { decode } from "../../../methods/tensor/safetensors.ts";
import type { FileReader } from "../../../pipeline/types.ts";

/** The files of an encoder. */
export interface ModelReaders {
  readonly config: FileReader;
  readonly weights: FileReader;
}

/**
 * The encoder with its whole vocabulary. It is read by each stage that needs it, which takes seconds: an
 * artifact of the embeddings that some tasks need would change with the tasks of a run.
 *
 * @param weights what messages call the file.
 */
export async function readPretrained(
  { config, weights: file }: ModelReaders,
  weights: string,
): Promise<Pretrained> {
  const json = JSON.parse(await config.text());
  return pretrainedOf(json, decode(await file.bytes(), { file: weights }));
}

/** A task, and the encoder with the embeddings of the task's vocabulary. */
export async function readBenchmark(
  inputs: ModelReaders & { readonly task: FileReader },
  weights: string,
): Promise<{ task: BenchmarkTask; encoder: Pretrained }> {
  const task = decodeBenchmarkTask(await inputs.task.bytes());
  const encoder = await readPretrained(inputs, weights);
  return { task, encoder: withVocabulary(encoder, task.vocabulary) };
}
