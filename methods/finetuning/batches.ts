// Batches of a task, gathered on the host: padded rows with their labels.

import type { TaskBatch } from "../nn/mod.ts";
import type { NdArray } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { paddedRows } from "../text/sequence_table.ts";
import type { LabelledSequences } from "./task.ts";

/** Some texts as a batch; labels with them. */
export function batchOf(
  { texts, labels }: LabelledSequences,
  rows: ArrayLike<number>,
  length: number,
  padding: number,
): TaskBatch<NdArray> & { types: NdArray } {
  const [, ...rest] = labels.shape, width = rest.reduce((a, b) => a * b, 1);
  const data = new (labels.data.constructor as Float32ArrayConstructor)(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const values = labels.data.subarray(rows[i] * width, (rows[i] + 1) * width);
    data.set(values as Float32Array, i * width);
  }
  const { ids, mask, types } = paddedRows(texts, rows, length, padding);
  return {
    ids,
    mask,
    types,
    labels: { dtype: labels.dtype, shape: [rows.length, ...rest], data },
  };
}

/** The arrays of a batch with their rows in groups [groups, rows / groups, …]. */
export function grouped<B extends Readonly<Record<string, NdArray>>>(batch: B, groups: number): B {
  return Object.fromEntries(
    Object.entries(batch).map(([name, array]) => {
      const [rows, ...rest] = array.shape;
      return [name, { ...array, shape: [groups, rows / groups, ...rest] }];
    }),
  ) as unknown as B;
}

/**
 * The texts of consecutive steps. Each epoch is a permutation of its own; a step may hold the end of one and
 * the beginning of the next, so that every text comes once before any comes again.
 */
export interface Order {
  /** Texts of steps `first` to `first + steps − 1`, int32 [steps·batch]. */
  rows(first: number, steps: number): Int32Array;
}

/** @param random gives epoch e the permutation of its child e, whatever was asked for before. */
export function shuffled(random: Stream, texts: number, batch: number): Order {
  let known = { epoch: -1, order: new Int32Array(0) };
  const orderOf = (epoch: number) => {
    if (known.epoch !== epoch) {
      known = { epoch, order: Int32Array.from(random.child(epoch).permutation(texts)) };
    }
    return known.order;
  };
  return {
    rows: (first, steps) =>
      Int32Array.from({ length: steps * batch }, (_, i) => {
        const at = first * batch + i;
        return orderOf(Math.floor(at / texts))[at % texts];
      }),
  };
}
