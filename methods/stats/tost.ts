/** Two one-sided tests: is a paired difference small enough not to matter? */

import { tTest } from "./paired_t.ts";
import { mean, pairedDifferences } from "./summary.ts";

export interface TostResult {
  /** Mean difference. */
  readonly effect: number;
  /** The larger of the two one-sided p values: small = equivalent. */
  readonly p: number;
  /** p of "the difference lies above the lower margin" (not much smaller). */
  readonly pAbove: number;
  /** p of "the difference lies below the upper margin" (not much larger). */
  readonly pBelow: number;
  /** Mean margin; the region is (−margin, margin). */
  readonly margin: number;
}

/**
 * Paired TOST: is the mean of `differences` inside (−margin, margin)?
 *
 * `margin` is one number > 0, or one for each pair, such as 1 % of that pair's reference value. A
 * margin that is itself estimated must enter pair by pair, else its variance is ignored.
 *
 * @throws RangeError for fewer than two pairs, margins that are not positive, or unequal lengths.
 * Source: Schuirmann (1987), doi:10.1007/BF01068419.
 */
export function tost(
  differences: readonly number[],
  margin: number | readonly number[],
): TostResult {
  const margins = typeof margin === "number" ? differences.map(() => margin) : margin;
  if (margins.some((m) => !(m > 0))) {
    throw new RangeError(`tost: the margin must be positive, got ${margins.find((m) => !(m > 0))}`);
  }
  const above = tTest(pairedDifferences(differences, margins.map((m) => -m)), {
    alternative: "greater",
  });
  const below = tTest(pairedDifferences(differences, margins), { alternative: "less" });
  return {
    effect: mean(differences),
    p: Math.max(above.p, below.p),
    pAbove: above.p,
    pBelow: below.p,
    margin: mean(margins),
  };
}

/**
 * Paired TOST with a margin that is a fraction of the reference's mean: is mean(values) within
 * ±`fraction` of mean(reference)? Values in one unit, reference > 0.
 */
export function tostOfFraction(
  values: readonly number[],
  reference: readonly number[],
  fraction: number,
): TostResult {
  return tost(pairedDifferences(values, reference), reference.map((r) => fraction * r));
}

/**
 * Paired TOST on the log scale: is the geometric mean of values/reference inside
 * (1/`ratio`, `ratio`)? `effect` and `margin` of the result are logarithms. `ratio` > 1; all values > 0.
 */
export function tostOfRatio(
  values: readonly number[],
  reference: readonly number[],
  ratio: number,
): TostResult {
  return tost(pairedDifferences(values.map(Math.log), reference.map(Math.log)), Math.log(ratio));
}
