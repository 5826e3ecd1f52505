/** Texts and pairs of texts as the padded batches that BERT-form encoders take. */

import type { NdArray } from "../tensor/mod.ts";
import type { Marks } from "./subwords.ts";

/** A batch of token sequences, each int32 [batch, n]. */
export interface EncodedBatch {
  readonly ids: NdArray;
  /** 1 for tokens, 0 for padding. */
  readonly mask: NdArray;
  /** 0 for the first text and its marks, 1 for the second. */
  readonly types: NdArray;
}

/** How long the sequences of a batch become. */
export interface BatchOptions {
  /** Most tokens, marks included; the longer text of a pair is cut first. */
  readonly longest: number;
  /** Pad to `longest`, so that programs of fixed shapes fit, or to the longest of the batch. @default "longest" */
  readonly pad?: "longest" | "batch";
}

/** Ids with their marks. */
export interface Sequence {
  readonly ids: readonly number[];
  /** Where the second text begins; the length where there is none. */
  readonly second: number;
}

/** [CLS] a [SEP], or [CLS] a [SEP] b [SEP], cut to `longest`, the longer of the two first. */
export function sequenceOf(
  [a, b]: readonly [number[], number[]?],
  longest: number,
  { begin, end }: Marks,
): Sequence {
  if (!(Number.isInteger(longest) && longest >= 3)) {
    throw new RangeError(`sequences of at most ${longest} tokens have no room for their marks`);
  }
  if (!b) {
    const ids = [begin, ...a.slice(0, longest - 2), end];
    return { ids, second: ids.length };
  }
  const room = longest - 3, firstIsShort = a.length <= b.length;
  const short = Math.min(firstIsShort ? a.length : b.length, Math.floor(room / 2));
  const first = [begin, ...a.slice(0, firstIsShort ? short : room - short), end];
  return {
    ids: [...first, ...b.slice(0, firstIsShort ? room - short : short), end],
    second: first.length,
  };
}

/** Sequences as arrays of `length` tokens each. */
export function padded(
  sequences: readonly Sequence[],
  length: number,
  { padding }: Pick<Marks, "padding">,
): EncodedBatch {
  const size = sequences.length * length;
  const ids = new Int32Array(size).fill(padding);
  const mask = new Int32Array(size), types = new Int32Array(size);
  sequences.forEach(({ ids: row, second }, i) => {
    ids.set(row, i * length);
    mask.fill(1, i * length, i * length + row.length);
    types.fill(1, i * length + second, i * length + row.length);
  });
  const array = (data: Int32Array): NdArray => ({
    dtype: "int32",
    shape: [sequences.length, length],
    data,
  });
  return { ids: array(ids), mask: array(mask), types: array(types) };
}
