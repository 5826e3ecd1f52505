// A benchmark's task as arrays of tokens and labels, and its file.

import type { Goal } from "../nn/mod.ts";
import { isNdArray, type NdArray } from "../tensor/mod.ts";
import { decodeWithMetadata, encode, SafetensorsError } from "../tensor/safetensors.ts";
import { renumbered, type SequenceTable, tableArrays } from "../text/sequence_table.ts";

/** Texts with their labels: int32 [n] classes, float32 [n] scores, or int32 [n, 2] first and last tokens. */
export interface LabelledSequences {
  readonly texts: SequenceTable;
  readonly labels: NdArray;
}

/** What of the development set's answers is needed to score spans. */
export interface SpanQuestions {
  readonly questions: readonly {
    readonly id: string;
    readonly context: string;
    /** Texts; none for a question without an answer. */
    readonly answers: readonly string[];
  }[];
  /** Question of each window, int32 [windows]. */
  readonly questionOf: NdArray;
  /** Token at which the context begins in each window, int32 [windows]. */
  readonly first: NdArray;
  /** First character and end of each piece of context, window after window, int32 [pieces, 2]. */
  readonly places: NdArray;
}

/** A task, with its tokens as rows of the vocabulary. */
export interface BenchmarkTask {
  /** As the configuration calls it, e.g. `rte`. */
  readonly name: string;
  readonly title: string;
  readonly goal: Goal;
  /** Of a development set, in the order of its scores. */
  readonly measures: readonly string[];
  /** The tokenizer's id of each row, ascending: tokens that occur. */
  readonly vocabulary: Int32Array;
  /** Row of the padding. */
  readonly padding: number;
  readonly train: LabelledSequences;
  /** MNLI has two. */
  readonly development: readonly LabelledSequences[];
  /** Of a task of spans. */
  readonly spans?: SpanQuestions;
  /** Incomplete lines that were left out, over all files. */
  readonly skipped: number;
}

/**
 * A task of texts in the tokenizer's ids, with the vocabulary that they use. A model needs those rows of
 * its embeddings only: no other has a part in any output, or ever has a gradient.
 */
export function benchmarkTask(
  task: Omit<BenchmarkTask, "vocabulary">,
): BenchmarkTask {
  const parts = [task.train, ...task.development];
  const used = new Set([task.padding]);
  for (const { texts } of parts) for (const id of texts.ids) used.add(id);
  const vocabulary = Int32Array.from(used).sort();
  const rowOf = new Map(Array.from(vocabulary, (id, row) => [id, row]));
  const own = ({ texts, labels }: LabelledSequences) => ({
    texts: renumbered(texts, rowOf),
    labels,
  });
  return {
    ...task,
    vocabulary,
    padding: rowOf.get(task.padding)!,
    train: own(task.train),
    development: task.development.map(own),
  };
}

const arraysOf = ({ texts, labels }: LabelledSequences) => ({ ...tableArrays(texts), labels });

const prefixed = (prefix: string, arrays: Readonly<Record<string, NdArray>>) =>
  Object.entries(arrays).map(([name, array]) => [`${prefix}.${name}`, array] as const);

/** The task as a safetensors file. */
export function encodeBenchmarkTask(
  { vocabulary, train, development, spans, ...about }: BenchmarkTask,
): Uint8Array<ArrayBuffer> {
  const { questions, ...windows } = spans ?? {};
  const rows: NdArray = { dtype: "int32", shape: [vocabulary.length], data: vocabulary };
  return encode(
    Object.fromEntries([
      ["vocabulary", rows] as const,
      ...prefixed("train", arraysOf(train)),
      ...development.flatMap((part, i) => prefixed(`development.${i}`, arraysOf(part))),
      ...prefixed("windows", windows as Record<string, NdArray>),
    ]),
    {
      about: JSON.stringify({ ...about, parts: development.length }),
      ...(questions ? { questions: JSON.stringify(questions) } : {}),
    },
  );
}

/** @throws SafetensorsError when the file is damaged or holds no task. */
export function decodeBenchmarkTask(bytes: Uint8Array): BenchmarkTask {
  const { tensors, metadata } = decodeWithMetadata(bytes, { file: "benchmark task" });
  if (!metadata.about) throw new SafetensorsError("the file does not say what task it is");
  const array = (name: string): NdArray => {
    if (!isNdArray(tensors[name])) throw new SafetensorsError(`the task has no array "${name}"`);
    return tensors[name];
  };
  const integers = (name: string) => array(name).data as Int32Array;
  const part = (name: string): LabelledSequences => ({
    texts: {
      ids: integers(`${name}.ids`),
      starts: integers(`${name}.starts`),
      second: integers(`${name}.second`),
    },
    labels: array(`${name}.labels`),
  });
  const { parts, ...about } = JSON.parse(metadata.about);
  return {
    ...about,
    vocabulary: integers("vocabulary"),
    train: part("train"),
    development: Array.from({ length: parts }, (_, i) => part(`development.${i}`)),
    ...(metadata.questions
      ? {
        spans: {
          questions: JSON.parse(metadata.questions),
          questionOf: array("windows.questionOf"),
          first: array("windows.first"),
          places: array("windows.places"),
        },
      }
      : {}),
  };
}
