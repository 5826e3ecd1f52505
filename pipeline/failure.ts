/** Expected failures as data, and the one exception that carries them to the command line. */

import type { Failure } from "./types.ts";

/**
 * Thrown for everything that a user can cause and mend; other exceptions are defects.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Failed, json, stage } from "./mod.ts";
 * import { z } from "zod";
 *
 * const declare = () =>
 *   stage({
 *     name: "Not snake case",
 *     describe: "",
 *     implementation: new URL("file:///x.ts"),
 *     inputs: {},
 *     params: z.object({}),
 *     outputs: { x: json<number>() },
 *   });
 * assert.throws(declare, (error: Failed) => error.failure.code === "stage-declaration");
 * ```
 */
export class Failed extends Error {
  override readonly name = "Failed";
  readonly failure: Failure;

  /** @param failure What is wrong, where, and how to mend it. */
  constructor(failure: Failure, options?: ErrorOptions) {
    super(describeFailure(failure), options);
    this.failure = failure;
  }
}

/** The failure in one to three lines: where and what, then how to mend it. */
export function describeFailure(failure: Failure): string {
  const first = failure.where === undefined
    ? failure.message
    : `${failure.where}: ${failure.message}`;
  return failure.mend === undefined ? first : `${first}\n${failure.mend}`;
}

/** The failure inside an exception, or null when the exception is a defect. */
export function failureOf(error: unknown): Failure | null {
  return error instanceof Failed ? error.failure : null;
}

/**
 * The candidate closest to `name` by edit distance, or null when none is close enough to be meant:
 * at most a third of the longer word, and one edit for words of up to three letters.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?` when a candidate is close, else the empty string. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const candidate = nearest(name, candidates);
  return candidate === null ? "" : `, did you mean "${candidate}"?`;
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}
