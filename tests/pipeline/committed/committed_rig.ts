/** A result and the lock that it was kept in. */

import type { Entry, PresetLock } from "../../../pipeline/committed/file.ts";
import type { Came } from "../../../pipeline/committed/outcome.ts";

export const digest = (digit: string) => digit.repeat(64);

export const verdict = (name: Entry["verdicts"][string]["verdict"]): Entry["verdicts"][string] => ({
  verdict: name,
  effect: 0.5,
  interval: [null, 1.25],
  p: 0.01,
  n: 8,
});

/** Names are in the order of a pipeline, not sorted. */
export const came: Came = {
  class: "cpu-avx512",
  environment: { instructions: "avx512", deno: "2.9.6", threads: "1 and 2" },
  date: "2026-01-02T03:04:05.678Z",
  seconds: 12.5,
  verdicts: { wins: verdict("reproduced"), costs: verdict("inconclusive") },
  metrics: { "keep.scores.acc": 0.9, "keep.scores.lost": null, "keep.scores[0].b": 1e-7 },
  artifacts: { verdicts: digest("1"), report: digest("2") },
  stages: { load: digest("f"), train: digest("a"), evaluate: digest("b"), judge: digest("c") },
  portable: new Set(["load"]),
};

export const entry: Entry = {
  date: came.date,
  seconds: came.seconds,
  environment: came.environment,
  verdicts: came.verdicts,
  metrics: { "keep.scores.acc": 0.9, "keep.scores[0].b": { value: 1e-7, tolerance: 0.5 } },
  bytes: { train: digest("a"), evaluate: digest("b"), judge: digest("c") },
  artifacts: came.artifacts,
};

export const lock: PresetLock = {
  tolerance: 0.05,
  everywhere: { load: digest("f") },
  providers: { "cpu-avx512": entry },
};
