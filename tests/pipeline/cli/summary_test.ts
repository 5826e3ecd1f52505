/** Tests of pipeline/cli/summary.ts and pipeline/cli/table.ts. */

import assert from "node:assert/strict";
import { failureLines, stageLines, verdictLines } from "../../../pipeline/cli/summary.ts";
import { painter } from "../../../pipeline/cli/terminal.ts";
import type { Outcome } from "../../../pipeline/types.ts";
import { verdict } from "../report/example_run.ts";

const page = { width: 100, paint: painter(false) };

function outcome(id: string, status: Outcome["status"], more: Partial<Outcome> = {}): Outcome {
  const stage = id.replace(/\[.*/, "");
  return { id, stage, status, reason: "", seconds: 1, key: null, outputs: {}, ...more };
}

Deno.test("verdictLines() has a row a claim with effect, interval, p and n", () => {
  const lines = verdictLines([verdict(), verdict({ claim: "even", control: true, p: 1e-9 })], page);
  assert.equal(lines.length, 4);
  assert.match(
    lines[2],
    /adaptive-beats-random +reproduced +−0\.0281 +\[−0\.0352, −0\.0214\] +0\.0029 +10/,
  );
  assert.match(lines[3], /even \(control\).*< 0\.0001/);
});

Deno.test("verdictLines() stacks on narrow terminals and never exceeds them", () => {
  const lines = verdictLines([verdict()], { ...page, width: 30 });
  for (const line of lines) assert.ok([...line].length <= 30, line);
  assert.ok(lines.some((l) => l.includes("Verdict") && l.includes("reproduced")));
});

Deno.test("verdictLines() shows an end that JSON could not hold as open", () => {
  const open = verdict({ interval: [null as unknown as number, -0.5] });
  assert.match(verdictLines([open], page)[2], /\[−∞, −0\.5\]/);
});

Deno.test("verdictLines() colours without moving columns", () => {
  const colour = verdictLines([verdict()], { ...page, paint: painter(true) });
  const plain = verdictLines([verdict()], page);
  // deno-lint-ignore no-control-regex
  assert.deepEqual(colour.map((l) => l.replaceAll(/\x1b\[\d+m/g, "")), plain);
  assert.notDeepEqual(colour, plain);
});

Deno.test("stageLines() sums and averages what ran", () => {
  const lines = stageLines([
    outcome("train[1]", "ran", { seconds: 2 }),
    outcome("train[2]", "ran", { seconds: 4 }),
    outcome("train[3]", "cached", { seconds: 100 }),
  ], page);
  assert.match(lines[2], /^train +2 +1 +6\.0 s +3\.0 s$/);
});

Deno.test("failureLines() says what failed, why, where the log is and how to go on", () => {
  const text = failureLines(
    [
      outcome("prepare", "ran"),
      outcome("train", "failed", {
        failure: {
          code: "stage-exit",
          message: "Out of milk",
          mend: "Buy milk.",
          log: "logs/1.txt",
        },
      }),
      outcome("judge", "skipped"),
    ],
    "deno task reproduce toy",
    page,
  ).join("\n");
  for (
    const part of [
      "✗ train",
      "Out of milk",
      "Buy milk.",
      "log: logs/1.txt",
      "1 node not done, because of the above",
      "1 finished node kept",
      "deno task reproduce toy",
    ]
  ) assert.ok(text.includes(part), part);
});

Deno.test("failureLines() tells one cause once", () => {
  const failed = (id: string, message: string) =>
    outcome(id, "failed", { failure: { code: "onnxruntime", message, log: `${id}.log` } });
  const text = failureLines(
    [
      failed("train[1]", "no runtime"),
      failed("train[2]", "no runtime"),
      failed("train[3]", "other"),
    ],
    "again",
    page,
  ).join("\n");
  assert.match(text, /✗ train\[1\] and 1 more of train\n +no runtime\n +log: train\[1\]\.log/);
  assert.equal(text.match(/no runtime/g)?.length, 1);
  assert.match(text, /✗ train\[3\]\n +other/);
});

Deno.test("failureLines() does not blame what was cancelled", () => {
  const failure = { code: "cancelled", message: "stopped before it was done" };
  const lines = failureLines(
    [
      outcome("prepare", "ran"),
      outcome("train", "failed", { failure }),
      outcome("judge", "skipped"),
    ],
    "deno task reproduce toy",
    page,
  );
  assert.deepEqual(lines, [
    "2 nodes not done, because the run was stopped.",
    "1 finished node kept. To go on from there: deno task reproduce toy",
  ]);
});

Deno.test("verdictLines() shows no numbers for what was not measured", () => {
  const lines = verdictLines([verdict({ n: 0, effect: 0, interval: [0, 0], p: 1 })], page);
  assert.match(lines[2], /reproduced +– +– +– +0$/);
});
