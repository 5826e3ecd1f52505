// SQuAD's files, windows and answers, on cases worked by hand.

import assert from "node:assert/strict";
import { readSquad } from "../../../methods/text/squad/read.ts";
import { bestAnswers, windowsOf } from "../../../methods/text/squad/windows.ts";
import { subwordsOf } from "../../../methods/text/subwords.ts";
import reference from "../../reference/glue.json" with { type: "json" };

// A vocabulary of letters, so that each character of a word is a token.
const letters = subwordsOf({ begin: 1, end: 2, padding: 0 }, {
  words: (text) => text.split(/\s+/).filter((word) => word !== ""),
  cut: (word) => [...word].map((text) => ({ id: text.charCodeAt(0), text })),
});
const context = "abc de fgh ij";
const file = (answers: unknown[]) =>
  new TextEncoder().encode(JSON.stringify({
    version: "v2.0",
    data: [{ title: "x", paragraphs: [{ context, qas: [{ id: "q", question: "xy", answers }] }] }],
  }));

Deno.test("answers must be where the file says they are; none is an answer too", async () => {
  const [{ answers }] = await readSquad("dev.json", file([{ text: "fgh", answer_start: 7 }]));
  assert.deepEqual(answers, [{ text: "fgh", start: 7 }]);
  assert.deepEqual((await readSquad("dev.json", file([])))[0].answers, []);
  await assert.rejects(
    readSquad("dev.json", file([{ text: "fgh", answer_start: 6 }])),
    /dev\.json, column "answers": at character 6 .* no "fgh"/,
  );
  await assert.rejects(readSquad("dev.json", file([{ text: 1 }])), /answers\.0\.text/);
  await assert.rejects(readSquad("x.json", new TextEncoder().encode("{")), /expected JSON/);
});

Deno.test("windows overlap, cover the context, and have the answer where it is whole", async () => {
  const [question] = await readSquad("dev.json", file([{ text: "fgh", answer_start: 7 }]));
  const windows = windowsOf(question, letters, { longest: 11, stride: 2 });
  const texts = windows.map(({ pieces }) =>
    pieces.map(({ start, end }) => context.slice(start, end)).join("")
  );
  assert.deepEqual(texts, ["abcdef", "efghij"]);
  assert.deepEqual(windows.map(({ start, end }) => [start, end]), [[0, 0], [5, 7]]);
  assert.equal(windows[0].sequence.ids.length, 11);
  assert.throws(() => windowsOf(question, letters, { longest: 7, stride: 2 }), /cannot overlap/);

  const flat = () => new Float64Array(11);
  const scores = windows.map(() => ({ start: flat(), end: flat() }));
  scores[1].start[5] = 3;
  scores[1].end[7] = 2;
  // The best end lies before the best start: no answer.
  scores[0].start[8] = 4;
  scores[0].end[4] = 4;
  const { answers: [best], none } = bestAnswers(context, windows, scores);
  assert.deepEqual(best, { text: "fgh", score: 5 });
  assert.equal(none, 0);
});

Deno.test("Parquet files of the hub are read; places count characters, not UTF-16 units", async () => {
  const bytes = Uint8Array.from(atob(reference.parquet.squad), (c) => c.charCodeAt(0));
  const [first, second] = await readSquad("validation.parquet", bytes);
  assert.deepEqual(first.answers, [{ text: "man", start: 5 }]);
  assert.deepEqual(second, { id: "r", question: "why?", context: "b", answers: [] });
  await assert.rejects(readSquad("x.parquet", bytes.subarray(0, 50)), /whole Parquet file/);
});
