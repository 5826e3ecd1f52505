/** Tests of pipeline/cli/committed.ts and comparison.ts: the file's text, and how results compare. */

import assert from "node:assert/strict";
import { type Entry, fileText, parseFile } from "../../../pipeline/cli/committed.ts";
import { compare } from "../../../pipeline/cli/comparison.ts";

const digest = (digit: string) => digit.repeat(64);
const verdict = (name: Entry["verdicts"][string]["verdict"]): Entry["verdicts"][string] => ({
  verdict: name,
  effect: 0.5,
  interval: [null, 1.25],
  p: 0.01,
  n: 8,
});

/** Names are in the order of a pipeline, not sorted. */
const entry: Entry = {
  provider: "cpu",
  environment: { instructions: "avx512", deno: "2.9.6", threads: "1 and 2" },
  date: "2026-01-02T03:04:05.678Z",
  seconds: 12.5,
  verdicts: { wins: verdict("reproduced"), costs: verdict("inconclusive") },
  artifacts: { verdicts: digest("1"), report: digest("2") },
  stages: { train: digest("a"), evaluate: digest("b"), judge: digest("c") },
};

const compared = (here: Entry) => compare(entry, here, "lock.json");
const on = (environment: Record<string, string>) => ({
  ...entry,
  environment: { ...entry.environment, ...environment },
  artifacts: { ...entry.artifacts, report: digest("3") },
  stages: { ...entry.stages, judge: digest("d"), evaluate: digest("e") },
});

Deno.test("the file reads back, whatever the order it was made in", () => {
  const text = fileText({ small: entry, paper: entry });
  assert.deepEqual(parseFile(text), { small: entry, paper: entry });
  const reversed = (o: Record<string, unknown>) => Object.fromEntries(Object.entries(o).reverse());
  const other = { ...entry, stages: reversed(entry.stages), verdicts: reversed(entry.verdicts) };
  assert.equal(fileText({ paper: other as Entry, small: entry }), text);
  assert.match(text, /^\{\n {2}"version": 1,/);
  assert.match(text, /"interval": \[null, 1\.25\],\n/);
  assert.ok(text.indexOf('"costs"') < text.indexOf('"wins"'));
});

Deno.test("a file that is not one says where", () => {
  const text = fileText({ small: entry });
  const refused = (from: string, to: string, message: RegExp) => {
    assert.ok(text.includes(from));
    assert.throws(() => parseFile(text.replace(from, to)), { message });
  };
  refused('"version": 1', '"version": 2', /^version: expected 1, received 2/);
  refused('"cpu"', '"gpu"', /^presets\.small\.provider: /);
  refused(digest("a"), "abc", /^presets\.small\.stages\.train: expected a SHA-256/);
  refused('"seconds"', '"second"', /^presets\.small\.second: unknown field/);
  refused("{", "<<<<<<< HEAD\n{", /JSON/);
});

Deno.test("same final artifacts are the same bytes, whatever was kept besides", () => {
  const same = { json: { same: "bytes", differs: [] } };
  const line = "Same bytes as the committed result (lock.json)";
  assert.deepEqual(compared(entry), { ...same, lines: [line] });
  const kept = { ...entry.artifacts, "keep.metrics": digest("4") };
  assert.deepEqual(compared({ ...entry, artifacts: kept }), { ...same, lines: [line] });
});

Deno.test("other bytes with the same verdicts name the first different stage and the machines", () => {
  assert.deepEqual(compared(on({ instructions: "avx2" })), {
    json: { same: "verdicts", differs: ["evaluate", "judge"] },
    lines: [
      "Same verdicts as the committed result; first different stage: evaluate " +
      "(committed on cpu, avx512; here cpu, avx2)",
    ],
  });
  assert.match(compared(on({})).lines[0], /evaluate \(cpu, avx512, as committed\)$/);
  assert.match(
    compared(on({ threads: "1" })).lines[0],
    /\(committed on cpu, avx512, threads 1 and 2; here cpu, avx512, threads 1\)$/,
  );
});

Deno.test("verdicts that differ, came or went are listed first", () => {
  const here = {
    ...on({}),
    verdicts: { wins: verdict("inconclusive"), extra: verdict("reproduced") },
  };
  assert.deepEqual(compared(here), {
    json: { same: "none", differs: ["wins", "extra", "costs"] },
    lines: [
      "Verdicts differ from the committed result: wins reproduced → inconclusive, " +
      "extra absent → reproduced, costs inconclusive → absent",
      "First different stage: evaluate (cpu, avx512, as committed)",
    ],
  });
});
