/** Slopes over replicates: fit each seed's line, then a t interval over seeds. */

import { tTest } from "./paired_t.ts";
import type { TResult } from "./paired_t.ts";
import { mean } from "./summary.ts";

/**
 * Least-squares slope of `y` on `x`.
 * @throws RangeError for unequal lengths or when all `x` are equal.
 */
export function slope(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length) throw new RangeError(`slope: ${x.length} x against ${y.length} y`);
  const xMean = mean(x);
  const yMean = mean(y);
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    xx += (x[i] - xMean) ** 2;
    xy += (x[i] - xMean) * (y[i] - yMean);
  }
  if (xx === 0) throw new RangeError("slope: all x are equal");
  return xy / xx;
}

/**
 * Mean slope over seeds with a t interval; `lines[s]` is the curve of seed s. The points of one curve
 * are not independent, so they never enter the interval directly.
 */
export function slopeOverSeeds(
  lines: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[],
  confidence = 0.95,
): TResult {
  return tTest(lines.map((line) => slope(line.x, line.y)), { confidence });
}
