// What fine-tuning on labelled texts shares whatever is trained: which texts, at which rates, in which chunks.

import { asTensor, type NdArray, scan, take, type Tensor } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { type Schedule, triangleRate } from "../optim/mod.ts";
import type { TextBatch } from "./text_task.ts";

/** Token ids and mask. */
export type Texts<L = Tensor> = { ids: L; mask: L };

/** The texts at some rows. */
export function textsAt(
  { ids, mask, labels }: TextBatch<Tensor>,
  rows: Tensor,
): TextBatch<Tensor> {
  return { ids: take(ids, rows), mask: take(mask, rows), labels: take(labels, rows) };
}

/** Outputs [chunks, chunk, …] of texts in chunks, one chunk at a time. */
export function overChunks(f: (chunk: Texts) => Tensor, chunks: Texts): Tensor {
  const [, outputs] = scan(
    (done: Tensor, chunk: Texts) => [done, f(chunk)] as const,
    asTensor(0),
    chunks,
  );
  return outputs;
}

/** [chunks, chunk, classes] as [texts, classes]. */
export function outOfChunks(outputs: NdArray): NdArray {
  const [chunks, chunk, ...rest] = outputs.shape;
  return { ...outputs, shape: [chunks * chunk, ...rest] };
}

/** How long is trained, and on what. */
export interface FineTuning {
  steps: number;
  batch: number;
  /** Texts that a seed trains on, drawn from the task's. */
  texts: number;
  /** Steps in which the learning rate rises; then it falls to 0 in a straight line. */
  rise: number;
}

/** Texts that are evaluated at once. */
const CHUNK = 50;

/** Rows [steps, batch] of a seed's texts, each text once before any twice. */
export function textRows(
  seed: number,
  available: number,
  { texts, steps, batch }: Pick<FineTuning, "texts" | "steps" | "batch">,
): NdArray {
  const random = stream(seed, "text", "rows");
  const own = random.child("texts").choice(available, texts), order = random.child("order");
  const data = new Int32Array(steps * batch);
  for (let start = 0; start < data.length; start += texts) {
    const epoch = order.permutation(texts).map((i) => own[i]);
    data.set(epoch.subarray(0, data.length - start), start);
  }
  return { dtype: "int32", shape: [steps, batch], data };
}

/** Up from the first step, whose rate is not 0, and down to 0. */
export function risingRate(
  lr: number,
  { steps, rise }: Pick<FineTuning, "steps" | "rise">,
): Schedule {
  return triangleRate({ peak: lr, steps, rise, from: lr / Math.max(1, rise) });
}

/**
 * Texts in chunks [n / 50, 50, tokens].
 *
 * @throws RangeError unless n is a multiple of 50.
 */
export function inChunks({ ids, mask }: TextBatch): Texts<NdArray> {
  const [n, tokens] = ids.shape;
  if (n % CHUNK !== 0) throw new RangeError(`${n} texts to evaluate are no multiple of ${CHUNK}`);
  const shape = [n / CHUNK, CHUNK, tokens];
  return { ids: { ...ids, shape }, mask: { ...mask, shape } };
}
