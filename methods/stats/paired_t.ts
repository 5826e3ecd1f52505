/** One-sample t test and interval; on paired differences it is the paired t test. */

import type { Alternative } from "./alternative.ts";
import { tQuantile, tSurvival } from "./student_t.ts";
import { mean, requireSample, standardError } from "./summary.ts";

export interface TResult {
  /** Mean of the values. */
  readonly effect: number;
  readonly statistic: number;
  /** Degrees of freedom, n − 1. */
  readonly df: number;
  readonly p: number;
  /** Two-sided interval of the mean. */
  readonly interval: readonly [number, number];
}

/**
 * Tests `mean(values) = nullValue`. Equal values give an interval of width zero and p 0 or 1.
 *
 * @param options.confidence Level of the interval. @default 0.95
 * @throws RangeError with fewer than two values, or a value that is not finite.
 */
export function tTest(
  values: readonly number[],
  options: {
    readonly alternative?: Alternative;
    readonly confidence?: number;
    readonly nullValue?: number;
  } = {},
): TResult {
  requireSample(values, 2, "tTest");
  const { alternative = "two-sided", confidence = 0.95, nullValue = 0 } = options;
  const effect = mean(values);
  const error = standardError(values);
  const df = values.length - 1;
  return tResult(effect, error, df, { alternative, confidence, nullValue });
}

/** The test of an effect with a standard error and its degrees of freedom. */
export function tResult(
  effect: number,
  error: number,
  df: number,
  { alternative, confidence, nullValue = 0 }: {
    readonly alternative: Alternative;
    readonly confidence: number;
    readonly nullValue?: number;
  },
): TResult {
  const distance = effect - nullValue;
  const statistic = distance === 0 ? 0 : distance / error;
  const p = alternative === "less"
    ? tSurvival(-statistic, df)
    : alternative === "greater"
    ? tSurvival(statistic, df)
    : Math.min(1, 2 * tSurvival(Math.abs(statistic), df));
  const half = tQuantile((1 + confidence) / 2, df) * error;
  return { effect, statistic, df, p, interval: [effect - half, effect + half] };
}
