// Texts to choose settings by, out of the training set: development sets are what is reported.

import type { NdArray } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { countOf, sequenceAt, sequenceTable } from "../text/sequence_table.ts";
import type { BenchmarkTask, LabelledSequences } from "./task.ts";

function rowsOf({ texts, labels }: LabelledSequences, rows: Int32Array): LabelledSequences {
  const [count, ...rest] = labels.shape, width = labels.data.length / count;
  const data = new (labels.data.constructor as Float32ArrayConstructor)(rows.length * width);
  rows.forEach((row, i) =>
    data.set(labels.data.subarray(row * width, (row + 1) * width) as Float32Array, i * width)
  );
  return {
    texts: sequenceTable(Array.from(rows, (row) => sequenceAt(texts, row))),
    labels: { dtype: labels.dtype, shape: [rows.length, ...rest], data } as NdArray,
  };
}

/**
 * The task with some of its training texts in the place of the development sets. They have losses, and no
 * scores. Texts are drawn; of SQuAD the last windows are taken, whose articles are hardly elsewhere.
 *
 * @throws RangeError when nothing would be left to train on.
 */
export function heldOut(task: BenchmarkTask, texts: number, random: Stream): BenchmarkTask {
  const all = countOf(task.train.texts);
  if (!(texts >= 1 && texts < all)) throw new RangeError(`${texts} of ${all} texts held out`);
  const order = task.goal.kind === "span"
    ? Int32Array.from({ length: all }, (_, i) => i)
    : Int32Array.from(random.permutation(all));
  const { spans: _, ...rest } = task;
  return {
    ...rest,
    measures: [],
    train: rowsOf(task.train, order.subarray(0, all - texts).toSorted()),
    development: [rowsOf(task.train, order.subarray(all - texts).toSorted())],
  };
}
