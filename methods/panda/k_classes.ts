/** Classification into K classes by K − 1 directions (section 6). */

import { type Dense, dot } from "../linear_algebra/dense.ts";
import type { Moments } from "./moments.ts";

/**
 * The class of each row of `x`: the largest of D_0 = log π_0 and
 * D_k = β_k′(z − (μ_0 + μ_k)/2) + log π_k; the first class wins ties.
 *
 * @param directions β_1 … β_{K−1}, in the order of `contrasts`.
 * @param priors π_0 … π_{K−1}. @default equal
 */
export function classify(
  x: Dense,
  contrasts: readonly Moments[],
  directions: readonly Float64Array[],
  priors?: readonly number[],
): number[] {
  const p = x.columns;
  const offsets = contrasts.map(({ midpoint }, k) =>
    (priors ? Math.log(priors[k + 1] / priors[0]) : 0) - dot(directions[k], 0, midpoint, 0, p)
  );
  return Array.from({ length: x.rows }, (_, i) => {
    let best = 0, most = 0;
    directions.forEach((beta, k) => {
      const value = dot(x.data, i * p, beta, 0, p) + offsets[k];
      if (value > most) [best, most] = [k + 1, value];
    });
    return best;
  });
}

/** Share of the rows of `classes[k]`, over all k, that are not put into class k. */
export function multiclassError(
  classes: readonly Dense[],
  contrasts: readonly Moments[],
  directions: readonly Float64Array[],
): number {
  let wrong = 0, total = 0;
  classes.forEach((x, k) => {
    wrong += classify(x, contrasts, directions).filter((found) => found !== k).length;
    total += x.rows;
  });
  return wrong / total;
}
