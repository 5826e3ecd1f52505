// GLUE's files and measures, SQuAD's measures; reference values from tests/reference/glue.py.

import assert from "node:assert/strict";
import { MEASURES } from "../../../methods/text/glue/measures.ts";
import { readGlue } from "../../../methods/text/glue/read.ts";
import type { GlueTaskName } from "../../../methods/text/glue/tasks.ts";
import { answerF1, exactMatch, scoreAnswer } from "../../../methods/text/squad/measures.ts";
import reference from "../../reference/glue.json" with { type: "json" };

const bytes = (text: string) => new TextEncoder().encode(text);
const parquet = (name: keyof typeof reference.parquet) =>
  Uint8Array.from(atob(reference.parquet[name]), (c) => c.charCodeAt(0));
const tsv = async (task: GlueTaskName, ...lines: string[]) =>
  (await readGlue(task, "dev.tsv", bytes(lines.join("\n") + "\n"))).examples;

Deno.test("measures are those of scikit-learn and scipy, with ties", () => {
  const { labels, predicted, a, b } = reference.measures;
  for (const name of ["accuracy", "f1", "matthews"] as const) {
    assert.ok(Math.abs(MEASURES[name](predicted, labels) - reference.measures[name]) < 1e-12, name);
  }
  for (const name of ["pearson", "spearman"] as const) {
    assert.ok(Math.abs(MEASURES[name](a, b) - reference.measures[name]) < 1e-12, name);
  }
  assert.equal(MEASURES.matthews([1, 1], [0, 1]), 0);
  assert.throws(() => MEASURES.f1([2], [1]), /not 0 or 1/);
  assert.throws(() => MEASURES.accuracy([], []), /0 predictions/);
});

Deno.test("each task's TSV form is read by its own columns", async () => {
  assert.deepEqual(await tsv("cola", 'gj04\t1\t\tA "quoted" one.', "gj04\t0\t*\tBad is."), [
    { texts: ['A "quoted" one.'], label: 1 },
    { texts: ["Bad is."], label: 0 },
  ]);
  assert.deepEqual(await tsv("sst2", "sentence\tlabel", "good \t1"), [{
    texts: ["good "],
    label: 1,
  }]);
  assert.deepEqual(
    await tsv("mrpc", "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r", "1\t7\t8\ta\tb\r"),
    [{ texts: ["a", "b"], label: 1 }],
  );
  assert.deepEqual(
    await tsv("stsb", "index\tgenre\tsentence1\tsentence2\tscore", "0\tx\ta\tb\t3.80"),
    [{ texts: ["a", "b"], label: 3.8 }],
  );
  assert.deepEqual(
    await tsv(
      "qqp",
      "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
      "1\t2\t3\ta\tb\t0",
      "2\t3",
    ),
    [{ texts: ["a", "b"], label: 0 }],
  );
  assert.deepEqual(
    await tsv(
      "mnli",
      "index\tsentence1\tsentence2\tlabel1\tgold_label",
      "0\ta\tb\tneutral\tcontradiction",
    ),
    [{ texts: ["a", "b"], label: 2 }],
  );
  assert.deepEqual(
    await tsv("qnli", "index\tquestion\tsentence\tlabel", "0\ta\tb\tnot_entailment"),
    [{ texts: ["a", "b"], label: 1 }],
  );
  assert.deepEqual(
    await tsv("rte", "index\tsentence1\tsentence2\tlabel", "0\ta\tb\tentailment"),
    [{ texts: ["a", "b"], label: 0 }],
  );
});

Deno.test("Parquet files of the hub are read, compressed or not", async () => {
  const { examples } = await readGlue("mnli", "validation.parquet", parquet("mnli"));
  assert.deepEqual(examples[1], { texts: ["Café 中文", ""], label: 2 });
  assert.deepEqual(examples[2].texts, ['"Quoted"\ttab', "no"]);
  const scores = await readGlue("stsb", "train.parquet", parquet("stsb"));
  assert.deepEqual(scores.examples.map(({ label }) => label), [5, 2.5, 0]);
});

Deno.test("bad files are refused with file, line, column and what was expected", async () => {
  await assert.rejects(
    tsv("sst2", "text\tlabel", "a\t1"),
    /dev\.tsv:1: the columns "text", "label"; expected a column "sentence"/,
  );
  await assert.rejects(
    tsv("rte", "index\tsentence1\tsentence2\tlabel", "0\ta\tb\tyes"),
    /dev\.tsv:2, column "label": "yes"; expected one of entailment, not_entailment/,
  );
  await assert.rejects(
    tsv("stsb", "sentence1\tsentence2\tscore", "a\tb\t5.5"),
    /column "score": "5\.5"; expected a score from 0 to 5/,
  );
  await assert.rejects(
    tsv("sst2", "sentence\tlabel", "a\t1", "b", "c"),
    /dev\.tsv:3: 2 lines with too few cells/,
  );
  await assert.rejects(tsv("sst2", "sentence\tlabel"), /no example/);
  await assert.rejects(readGlue("sst2", "dev.tsv", Uint8Array.of(255)), /no UTF-8/);
  await assert.rejects(readGlue("sst2", "dev.csv", bytes("")), /\.tsv or \.parquet/);
  const file = (name: keyof typeof reference.parquet, task: GlueTaskName = "mnli") =>
    readGlue(task, "x.parquet", parquet(name));
  await assert.rejects(
    file("wrong"),
    /x\.parquet:2, column "label": 3; expected a class from 0 to 2/,
  );
  await assert.rejects(file("mnli", "rte"), /expected a column "sentence1"/);
  await assert.rejects(
    file("zstd"),
    /expected a whole Parquet file, plain or compressed by Snappy/,
  );
  await assert.rejects(
    readGlue("mnli", "x.parquet", parquet("mnli").subarray(0, 90)),
    /whole Parquet/,
  );
});

Deno.test("answers are compared as SQuAD's script compares them; cases worked by hand", () => {
  assert.equal(exactMatch("The  Cat's-eye!", "cats eye"), 0);
  assert.equal(exactMatch("The Cat.", "a cat"), 1);
  assert.equal(exactMatch("España", "Españ"), 0);
  // Words: {new, york, city} and {york, city}; 2 in common: 2·2/(3 + 2).
  assert.equal(answerF1("New York City", "the York city"), 0.8);
  // A word counts as often as both have it: {la, la} and {la}: 2·1/3.
  assert.equal(answerF1("la la", "la"), 2 / 3);
  assert.equal(answerF1("", "x"), 0);
  assert.deepEqual(scoreAnswer("", []), { exact: 1, f1: 1 });
  assert.deepEqual(scoreAnswer("word", []), { exact: 0, f1: 0 });
  assert.deepEqual(scoreAnswer("York", ["New York", "York"]), { exact: 1, f1: 1 });
});
