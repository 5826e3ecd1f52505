/** Wilcoxon's signed-rank test: the sign-flip test on ranks, robust to outliers. */

import { requireSample } from "./summary.ts";
import { signFlipTest } from "./sign_flip.ts";
import type { SignFlipOptions, SignFlipResult } from "./sign_flip.ts";

/**
 * Tests whether `differences` are symmetric about zero, by signs and ranks. Zeros are dropped, ties
 * get middle ranks; the p value is exact for those ranks up to 20 non-zero differences.
 * `statistic` is the sum of the positive ranks. With zeros only, p is 1.
 *
 * @throws RangeError when `differences` is empty or holds a value that is not finite.
 */
export function wilcoxonSignedRank(
  differences: readonly number[],
  options: SignFlipOptions = {},
): SignFlipResult {
  requireSample(differences, 1, "wilcoxonSignedRank");
  const kept = differences.filter((d) => d !== 0);
  if (kept.length === 0) return { statistic: 0, p: 1, exact: true, patterns: 1 };
  const signed = signedRanks(kept);
  const positive = signed.reduce((sum, r) => sum + Math.max(r, 0), 0);
  return { ...signFlipTest(signed, options), statistic: positive };
}

/** Ranks of the absolute values, 1-based, ties averaged, with the signs of the values. */
function signedRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && Math.abs(values[order[end]]) === Math.abs(values[order[start]])) {
      end++;
    }
    for (let i = start; i < end; i++) {
      ranks[order[i]] = ((start + end + 1) / 2) * Math.sign(values[order[i]]);
    }
    start = end;
  }
  return ranks;
}
