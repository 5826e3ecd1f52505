// GLUE's examples and SQuAD's questions as tasks to fine-tune on.

import { fromNumbers } from "../tensor/mod.ts";
import { GLUE_TASKS, type GlueTask, type GlueTaskName } from "../text/glue/tasks.ts";
import type { GlueExample } from "../text/glue/read.ts";
import type { Question } from "../text/squad/read.ts";
import { SQUAD_TASKS, type SquadTaskName } from "../text/squad/tasks.ts";
import { type Window, type WindowOptions, windowsOf } from "../text/squad/windows.ts";
import { sequenceTable } from "../text/sequence_table.ts";
import { sequenceOf } from "../text/sequences.ts";
import type { Subwords } from "../text/subwords.ts";
import { type BenchmarkTask, benchmarkTask, type LabelledSequences } from "./task.ts";

/** A task's examples, part by part. */
export interface Parts<E> {
  readonly train: readonly E[];
  readonly development: readonly (readonly E[])[];
}

/**
 * A task of GLUE.
 *
 * @param tokens most of a text or pair, marks included; the longer text of a pair is cut first.
 */
export function glueTask(
  name: GlueTaskName,
  { train, development }: Parts<GlueExample>,
  { ids, marks }: Subwords,
  tokens: number,
  skipped = 0,
): BenchmarkTask {
  const { title, classes, measures }: GlueTask = GLUE_TASKS[name];
  const part = (examples: readonly GlueExample[]): LabelledSequences => ({
    texts: sequenceTable(
      examples.map(({ texts: [a, b] }) =>
        sequenceOf(b === undefined ? [ids(a)] : [ids(a), ids(b)], tokens, marks)
      ),
    ),
    labels: fromNumbers(
      examples.map(({ label }) => label),
      [examples.length],
      classes ? "int32" : "float32",
    ),
  });
  return benchmarkTask({
    name,
    title,
    measures,
    goal: classes ? { kind: "classes", classes: classes.length } : { kind: "score" },
    padding: marks.padding,
    train: part(train),
    development: development.map(part),
    skipped,
  });
}

/** A version of SQuAD, its contexts cut into windows. */
export function squadTask(
  name: SquadTaskName,
  train: readonly Question[],
  development: readonly Question[],
  subwords: Subwords,
  options: WindowOptions,
): BenchmarkTask {
  // Without the pieces of contexts, which for the whole training set are tens of millions.
  const slim = (question: Question) =>
    windowsOf(question, subwords, options).map(({ sequence, start, end }) => ({
      sequence,
      start,
      end,
    }));
  const part = (all: readonly Omit<Window, "pieces" | "first">[]): LabelledSequences => ({
    texts: sequenceTable(all.map(({ sequence }) => sequence)),
    labels: fromNumbers(all.flatMap(({ start, end }) => [start, end]), [all.length, 2], "int32"),
  });
  const held = development.map((question) => windowsOf(question, subwords, options));
  const all = held.flat();
  const places = all.flatMap(({ pieces }) => pieces.flatMap(({ start, end }) => [start, end]));
  const list = (values: readonly number[]) => fromNumbers(values, [values.length], "int32");
  return benchmarkTask({
    name,
    title: SQUAD_TASKS[name],
    goal: { kind: "span" },
    measures: ["EM", "F1"],
    padding: subwords.marks.padding,
    train: part(train.flatMap(slim)),
    development: [part(all)],
    spans: {
      questions: development.map(({ id, context, answers }) => ({
        id,
        context,
        answers: answers.map(({ text }) => text),
      })),
      questionOf: list(held.flatMap((some, i) => some.map(() => i))),
      first: list(all.map(({ first }) => first)),
      places: fromNumbers(places, [places.length / 2, 2], "int32"),
    },
    skipped: 0,
  });
}
