/** Means over seeds with 95 % t intervals. */

import { mean, tTest } from "../../../methods/stats/mod.ts";

export interface Estimate {
  readonly value: number;
  /** Left out with fewer than two seeds. */
  readonly low?: number;
  readonly high?: number;
}

/** Mean of one value for each seed. */
export function estimate(values: readonly number[]): Estimate {
  if (values.length < 2) return { value: mean(values) };
  const { effect, interval } = tTest(values);
  return { value: effect, low: interval[0], high: interval[1] };
}

/** Point-wise means of one curve for each seed; the curves have one length. */
export function estimateCurve(curves: readonly (readonly number[])[]): Estimate[] {
  return curves[0].map((_, i) => estimate(curves.map((curve) => curve[i])));
}
