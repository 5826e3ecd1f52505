// Scores of development sets and the order of texts, on cases worked by hand.

import assert from "node:assert/strict";
import { shuffled } from "../../../methods/finetuning/batches.ts";
import { glueTask, squadTask } from "../../../methods/finetuning/prepare.ts";
import { heldOut } from "../../../methods/finetuning/held_out.ts";
import { lossOf, type Outputs, scoresOf } from "../../../methods/finetuning/scores.ts";
import type { BenchmarkTask } from "../../../methods/finetuning/task.ts";
import { fromNumbers, toNumbers } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { sequenceAt, sequenceTable } from "../../../methods/text/sequence_table.ts";
import { subwordsOf } from "../../../methods/text/subwords.ts";

// A vocabulary of letters, so that each character of a word is a token.
const letters = subwordsOf({ begin: 1, end: 2, padding: 0 }, {
  words: (text) => text.split(/\s+/).filter((word) => word !== ""),
  cut: (word) => [...word].map((text) => ({ id: text.charCodeAt(0), text })),
});

const score = (task: BenchmarkTask, outputs: Outputs) =>
  scoresOf(task, task.development[0], outputs);
const near = (actual: number[], expected: number[]) =>
  actual.forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-9, `${actual}`));

Deno.test("classes are the largest logits; a task's own measures, in percent", () => {
  const examples = [0, 1, 1, 0].map((label) => ({ texts: ["ab", "c"], label }));
  const task = glueTask("mrpc", { train: examples, development: [examples] }, letters, 8);
  // Right, right, wrong, right: accuracy 3/4; one true positive and one false negative: F1 2/3.
  const values = Float32Array.of(2, 1, 0, 3, 5, 4, 1, 1);
  near(score(task, { each: 2, values }), [75, 200 / 3]);
  values[3] = NaN;
  assert.throws(() => score(task, { each: 2, values }), /outputs of text 1 are not finite/);
});

Deno.test("scores are correlated; equal outputs count as no correlation", () => {
  const examples = [1, 2, 4].map((label) => ({ texts: ["a", "b"], label }));
  const task = glueTask("stsb", { train: examples, development: [examples] }, letters, 8);
  assert.equal(task.train.labels.dtype, "float32");
  near(score(task, { each: 1, values: Float32Array.of(3, 5, 9) }), [100, 100]);
  near(score(task, { each: 1, values: Float32Array.of(1, 1, 1) }), [0, 0]);
});

Deno.test("tokens are rows of the vocabulary that occurs, and come back as they were", () => {
  const examples = [{ texts: ["ba", "c"], label: 1 }];
  const task = glueTask("rte", { train: examples, development: [examples] }, letters, 8);
  assert.deepEqual([...task.vocabulary], [0, 1, 2, 97, 98, 99]);
  const { ids, second } = sequenceAt(task.train.texts, 0);
  assert.deepEqual(ids.map((row) => task.vocabulary[row]), [1, 98, 97, 2, 99, 2]);
  assert.equal(second, 4);
});

/** "abc de" asked for "de", in windows of the letters; and a second question, maybe without an answer. */
function spans(answers: { text: string; start: number }[]) {
  const question = { id: "1", question: "q", context: "abc de" };
  const all = [
    { ...question, answers: [{ text: "de", start: 4 }] },
    { ...question, id: "2", answers },
  ];
  return squadTask("squad_v2", all, all, letters, { longest: 9, stride: 1 });
}

Deno.test("answers are read off the spans, and left out only where a set has questions without", () => {
  // [CLS] q [SEP] a b c d e [SEP]: the answer is tokens 6 and 7.
  const logits = (start: number, end: number, none: number) => {
    const values = new Float32Array(18);
    values[start] = values[9 + end] = 5;
    values[0] = values[9] = none;
    return values;
  };
  const outputs = (...all: Float32Array[]): Outputs => ({
    each: 18,
    values: Float32Array.from(all.flatMap((values) => [...values])),
  });
  const some = spans([{ text: "abc", start: 0 }]), none = spans([]);
  assert.deepEqual([...some.train.labels.data], [6, 7, 3, 5]);
  assert.deepEqual([...none.train.labels.data], [6, 7, 0, 0]);
  const right = logits(6, 7, 0), empty = logits(6, 7, 6);
  near(score(none, outputs(right, empty)), [100, 100]);
  near(score(none, outputs(right, right)), [50, 50]);
  // Every question has an answer: what is said for none does not count.
  near(score(some, outputs(empty, logits(3, 5, 6))), [100, 100]);
});

Deno.test("each text comes once before any comes again, whatever steps are asked for", () => {
  const order = () => shuffled(stream(4, "order"), 7, 3);
  const all = [...order().rows(0, 7)];
  for (let epoch = 0; epoch < 3; epoch++) {
    assert.deepEqual(all.slice(7 * epoch, 7 * epoch + 7).sort(), [0, 1, 2, 3, 4, 5, 6]);
  }
  assert.notDeepEqual(all.slice(0, 7), all.slice(7, 14));
  assert.deepEqual([...order().rows(3, 2)], all.slice(9, 15));
});

Deno.test("losses are those of training", () => {
  const outputs = (each: number, ...values: number[]): Outputs => ({
    each,
    values: Float32Array.from(values),
  });
  const part = (labels: number[], shape: number[]) => ({
    texts: sequenceTable([]),
    labels: fromNumbers(labels, shape, "float32"),
  });
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`);
  const classes = { goal: { kind: "classes", classes: 2 } } as const;
  // Logits 0 and log 3: shares 1/4 and 3/4.
  const logits = [0, Math.log(3)];
  near(
    lossOf(classes, part([1, 0], [2]), outputs(2, ...logits, ...logits)),
    (Math.log(4 / 3) + Math.log(4)) / 2,
  );
  near(lossOf({ goal: { kind: "score" } }, part([1, 5], [2]), outputs(1, 2, 2)), 5);
  const span = lossOf(
    { goal: { kind: "span" } },
    part([0, 1], [1, 2]),
    outputs(4, ...logits, 0, 0),
  );
  near(span, (Math.log(4) + Math.log(2)) / 2);
});

Deno.test("held-out texts are none of those that are left, with their own labels", () => {
  const examples = Array.from(
    { length: 9 },
    (_, i) => ({ texts: ["a".repeat(i + 1)], label: i % 2 }),
  );
  const whole = glueTask("sst2", { train: examples, development: [examples] }, letters, 20);
  const task = heldOut(whole, 3, stream(1, "held"));
  const seen = [task.train, task.development[0]].map(({ texts, labels }) =>
    toNumbers(labels).map((label, i) => {
      const index = sequenceAt(texts, i).ids.length - 3;
      assert.equal(label, index % 2);
      return index;
    })
  );
  assert.deepEqual(seen.map(({ length }) => length), [6, 3]);
  assert.deepEqual(seen.flat().sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.notDeepEqual(seen[1], [6, 7, 8]);
  assert.throws(() => heldOut(whole, 9, stream(1, "held")), /9 of 9 texts held out/);
  const squad = spans([]);
  assert.equal(heldOut(squad, 1, stream(1, "held")).spans, undefined);
  // Of SQuAD the last.
  assert.deepEqual([...heldOut(squad, 1, stream(1, "held")).development[0].labels.data], [0, 0]);
});
