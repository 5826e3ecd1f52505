/** How stages read a task and the user's encoder. */

import { type BenchmarkTask, decodeBenchmarkTask } from "../../../methods/finetuning/task.ts";
import { heldOut } from "../../../methods/finetuning/held_out.ts";
import { type Pretrained, pretrainedOf, withVocabulary } from "../../../methods/nn/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
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

/**
 * A task, and the encoder with the embeddings of the task's vocabulary.
 *
 * @param texts of the training set that take the place of the development sets, drawn by the seed; 0: none.
 */
export async function readBenchmark(
  inputs: ModelReaders & { readonly task: FileReader },
  { weights, seed, heldOut: texts }: { weights: string; seed: number; heldOut: number },
): Promise<{ task: BenchmarkTask; encoder: Pretrained }> {
  const whole = decodeBenchmarkTask(await inputs.task.bytes());
  const task = texts === 0 ? whole : heldOut(whole, texts, stream(seed, "held out", whole.name));
  const encoder = await readPretrained(inputs, weights);
  return { task, encoder: withVocabulary(encoder, task.vocabulary) };
}
