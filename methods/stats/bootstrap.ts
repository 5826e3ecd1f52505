/** Bootstrap intervals by resampling seeds (or any independent units). */

import { drawUniform } from "./counter_random.ts";
import { quantile } from "./summary.ts";

/**
 * Percentile interval of `statistic` over resamples of `units` with replacement. The units must be
 * independent: resample seeds, not the points of one run. The same seed gives the same interval.
 *
 * @param options.draws Resamples. @default 10_000
 * @param options.confidence @default 0.95
 * @throws RangeError when there are no units.
 */
export function bootstrapInterval<U>(
  units: readonly U[],
  statistic: (sample: readonly U[]) => number,
  options: {
    readonly draws?: number;
    readonly confidence?: number;
    readonly seed?: number;
  } = {},
): readonly [number, number] {
  const { draws = 10_000, confidence = 0.95, seed = 0 } = options;
  const n = units.length;
  if (n === 0) throw new RangeError("bootstrapInterval: no units to resample");
  const estimates = Array.from({ length: draws }, (_, draw) =>
    statistic(
      Array.from({ length: n }, (_, i) => units[Math.floor(n * drawUniform(seed, draw * n + i))]),
    ));
  return [quantile(estimates, (1 - confidence) / 2), quantile(estimates, (1 + confidence) / 2)];
}
