// Many token sequences of different lengths one behind another, and padded batches of some of them.

import type { NdArray } from "../tensor/mod.ts";
import { type EncodedBatch, padded, type Sequence } from "./sequences.ts";

/** Sequences without padding: a benchmark's texts are far shorter than the longest of them. */
export interface SequenceTable {
  /** Tokens of all sequences. */
  readonly ids: Int32Array;
  /** Where each begins, and the end of the last; [n + 1]. */
  readonly starts: Int32Array;
  /** Where the second text of each begins, counted from its own start, as in {@linkcode Sequence}; [n]. */
  readonly second: Int32Array;
}

export function sequenceTable(sequences: readonly Sequence[]): SequenceTable {
  const starts = new Int32Array(sequences.length + 1);
  sequences.forEach(({ ids }, i) => starts[i + 1] = starts[i] + ids.length);
  const all = new Int32Array(starts[sequences.length]);
  sequences.forEach(({ ids }, i) => all.set(ids, starts[i]));
  return { ids: all, starts, second: Int32Array.from(sequences, ({ second }) => second) };
}

/** Number of sequences. */
export const countOf = ({ second }: SequenceTable): number => second.length;

/** Tokens of the longest sequence; 0 where there is none. */
export function longestOf({ starts }: SequenceTable): number {
  let longest = 0;
  for (let i = 1; i < starts.length; i++) longest = Math.max(longest, starts[i] - starts[i - 1]);
  return longest;
}

/** Sequence i. */
export function sequenceAt({ ids, starts, second }: SequenceTable, i: number): Sequence {
  return { ids: Array.from(ids.subarray(starts[i], starts[i + 1])), second: second[i] };
}

/** The sequences of some rows as arrays of `length` tokens each. */
export function paddedRows(
  table: SequenceTable,
  rows: ArrayLike<number>,
  length: number,
  padding: number,
): EncodedBatch {
  const sequences = Array.from(rows, (row) => sequenceAt(table, row));
  return padded(sequences, length, { padding });
}

/** The table with each token t as `rowOf.get(t)`. */
export function renumbered(
  table: SequenceTable,
  rowOf: ReadonlyMap<number, number>,
): SequenceTable {
  return { ...table, ids: table.ids.map((id) => rowOf.get(id)!) };
}

/** Names of a table's arrays in a file. */
export function tableArrays({ ids, starts, second }: SequenceTable): Record<string, NdArray> {
  const array = (data: Int32Array): NdArray => ({ dtype: "int32", shape: [data.length], data });
  return { ids: array(ids), starts: array(starts), second: array(second) };
}
