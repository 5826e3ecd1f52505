/** Means over seeds with 95 % t intervals, and how tables write them. */

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

/** Geometric mean, with the interval of the logarithms. */
export function geometric(values: readonly number[]): Estimate {
  const { value, low, high } = estimate(values.map(Math.log));
  return {
    value: Math.exp(value),
    ...(low === undefined ? {} : { low: Math.exp(low), high: Math.exp(high!) }),
  };
}

/** A number with a real minus sign. */
export function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace("-", "−");
}

/** "−0.31 (−0.36 to −0.26)". */
export function shown({ value, low, high }: Estimate, digits = 2): string {
  return low === undefined
    ? signed(value, digits)
    : `${signed(value, digits)} (${signed(low, digits)} to ${signed(high!, digits)})`;
}
