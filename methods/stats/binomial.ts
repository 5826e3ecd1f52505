/** The exact binomial test and its interval. */

// @ts-types="./jstat.d.ts"
import jstat from "jstat";

export interface BinomialResult {
  /** Successes over trials. */
  readonly share: number;
  /** One-sided p value of `share` lying beyond `limit` in the direction of `alternative`. */
  readonly p: number;
  /** Clopper and Pearson's two-sided interval, which covers at least at its level. */
  readonly interval: readonly [number, number];
}

/**
 * Tests whether the probability of success exceeds (`greater`) or stays below (`less`) `limit`.
 *
 * @throws RangeError unless 0 ≤ successes ≤ trials are whole numbers, trials ≥ 1, and 0 < limit < 1.
 * Source: Clopper and Pearson, Biometrika 26 (1934).
 */
export function binomialTest(
  successes: number,
  trials: number,
  limit: number,
  options: { readonly alternative: "less" | "greater"; readonly confidence?: number },
): BinomialResult {
  const whole = Number.isInteger(successes) && Number.isInteger(trials);
  if (!whole || trials < 1 || successes < 0 || successes > trials) {
    throw new RangeError(`binomialTest: ${successes} successes of ${trials} trials`);
  }
  if (!(limit > 0 && limit < 1)) throw new RangeError(`binomialTest: limit ${limit} not in (0, 1)`);
  const failures = trials - successes;
  const p = options.alternative === "greater"
    ? atLeast(successes, trials, limit)
    : atLeast(failures, trials, 1 - limit);
  const tail = (1 - (options.confidence ?? 0.95)) / 2;
  return {
    share: successes / trials,
    p,
    interval: [
      successes === 0 ? 0 : jstat.beta.inv(tail, successes, failures + 1),
      failures === 0 ? 1 : 1 - jstat.beta.inv(tail, failures, successes + 1),
    ],
  };
}

/** P(X ≥ k) for X ~ Binomial(n, q): a value of the incomplete beta function. */
function atLeast(k: number, n: number, q: number): number {
  return k === 0 ? 1 : jstat.beta.cdf(q, k, n - k + 1);
}
