/** Tests of pipeline/cli/comparison.ts: a run beside its lock file, in words. */

import assert from "node:assert/strict";
import { checkLock } from "../../../pipeline/committed/check.ts";
import type { Came } from "../../../pipeline/committed/outcome.ts";
import { compare, frozenLines } from "../../../pipeline/cli/comparison.ts";
import { came, digest, lock, verdict } from "../committed/committed_rig.ts";

const compared = (here: Came) => compare(lock, here, checkLock(lock, here)!, "x.lock.yaml");
const on = (environment: Record<string, string>): Came => ({
  ...came,
  class: `cpu-${environment.instructions ?? "avx512"}`,
  environment: { ...came.environment, ...environment },
  artifacts: { ...came.artifacts, report: digest("3") },
  stages: { ...came.stages, judge: digest("d"), evaluate: digest("e") },
});

Deno.test("same final artifacts are the same bytes, whatever was kept besides", () => {
  const same = { json: { same: "bytes", differs: [] } };
  const line = "Same bytes as the committed result (x.lock.yaml)";
  assert.deepEqual(compared(came), { ...same, lines: [line] });
  const kept = { ...came.artifacts, "keep.metrics": digest("4") };
  assert.deepEqual(compared({ ...came, artifacts: kept }), { ...same, lines: [line] });
});

Deno.test("other bytes with the same verdicts name the first different stage and the machines", () => {
  assert.deepEqual(compared(on({ instructions: "avx2" })), {
    json: { same: "verdicts", differs: ["evaluate", "judge"] },
    lines: [
      "Same verdicts as the committed result; first different stage: evaluate " +
      "(committed on cpu-avx512; here cpu-avx2)",
    ],
  });
  assert.match(compared(on({})).lines[0], /evaluate \(the same environment, cpu-avx512\)$/);
  assert.match(
    compared(on({ threads: "1" })).lines[0],
    /\(committed on cpu-avx512, threads 1 and 2; here cpu-avx512, threads 1\)$/,
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
      "First different stage: evaluate (the same environment, cpu-avx512)",
    ],
  });
});

Deno.test("--frozen says that all is as expected, or lists what is not", () => {
  const lines = (here: Came) => frozenLines(checkLock(lock, here)!, "x.lock.yaml");
  assert.deepEqual(lines(came), [
    "As x.lock.yaml expects: 2 verdicts, 12 numbers, bytes of 4 stages",
  ]);
  const near = { ...came, metrics: { ...came.metrics, "keep.scores.acc": 0.91 } };
  assert.match(lines(near)[0], /12 numbers \(1 not exactly, but within their tolerance\)/);
  const { wins } = came.verdicts;
  const far: Came = {
    ...came,
    verdicts: { wins: { ...wins, effect: 0.7 }, extra: verdict("reproduced") },
    metrics: {},
    stages: { ...came.stages, train: digest("0") },
  };
  assert.deepEqual(lines(far), [
    "Not as x.lock.yaml expects (6 differences):",
    "  costs: expected, but not there",
    "  extra: not expected",
    "  wins.effect: expected 0.5, got 0.7; tolerance 5 %",
    "  keep.scores.acc: expected, but not there",
    "  keep.scores[0].b: expected, but not there",
    "  bytes of train: expected aaaaaaaaaaaa, got 000000000000",
  ]);
  assert.deepEqual(lines(on({ threads: "1" })), [
    "As x.lock.yaml expects: 2 verdicts, 12 numbers, bytes of 1 stage",
    "Bytes that depend on the machine are not compared: threads is 1 instead of 1 and 2.",
  ]);
  assert.match(lines(on({ instructions: "avx2" }))[1], /^There is no entry for cpu-avx2: numbers/);
});
