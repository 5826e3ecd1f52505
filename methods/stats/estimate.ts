/** Means over replicates with their intervals, as figures and tables show them. */

import { tTest } from "./paired_t.ts";
import { mean } from "./summary.ts";

/** A mean with its 95 % t interval. */
export interface Estimate {
  readonly value: number;
  /** Left out with fewer than two replicates. */
  readonly low?: number;
  readonly high?: number;
}

/** Mean of one value for each replicate; at least one. */
export function estimate(values: readonly number[]): Estimate {
  if (values.length < 2) return { value: mean(values) };
  const { effect, interval } = tTest(values);
  return { value: effect, low: interval[0], high: interval[1] };
}

/** Geometric mean of positive values, with the interval of their logarithms. */
export function geometricEstimate(values: readonly number[]): Estimate {
  const { value, low, high } = estimate(values.map(Math.log));
  return {
    value: Math.exp(value),
    ...(low === undefined ? {} : { low: Math.exp(low), high: Math.exp(high!) }),
  };
}
