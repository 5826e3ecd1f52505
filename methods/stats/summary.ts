/** Means, spreads and quantiles of small samples. */

/** Arithmetic mean; `values` must not be empty. */
export function mean(values: readonly number[]): number {
  requireSample(values, 1, "mean");
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

/** Sample standard deviation (divisor n − 1); at least two values. */
export function standardDeviation(values: readonly number[]): number {
  requireSample(values, 2, "standardDeviation");
  const centre = mean(values);
  let sum = 0;
  for (const v of values) sum += (v - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Standard error of the mean; at least two values. */
export function standardError(values: readonly number[]): number {
  return standardDeviation(values) / Math.sqrt(values.length);
}

/** Quantile by linear interpolation of order statistics (R's type 7), 0 ≤ `p` ≤ 1. */
export function quantile(values: readonly number[], p: number): number {
  requireSample(values, 1, "quantile");
  const sorted = [...values].sort((a, b) => a - b);
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Middle value, or mean of the two middle values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * `a[i] - b[i]`.
 * @throws RangeError when the lengths differ.
 */
export function pairedDifferences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) {
    throw new RangeError(`pairedDifferences: ${a.length} values against ${b.length}`);
  }
  return a.map((v, i) => v - b[i]);
}

/**
 * The difference of paired differences `(a1 − b1) − (a0 − b0)`: does the gain of a over b in
 * situation 1 exceed that in situation 0? Test the result like any paired difference.
 */
export function interaction(
  situation1: { readonly a: readonly number[]; readonly b: readonly number[] },
  situation0: { readonly a: readonly number[]; readonly b: readonly number[] },
): number[] {
  return pairedDifferences(
    pairedDifferences(situation1.a, situation1.b),
    pairedDifferences(situation0.a, situation0.b),
  );
}

/**
 * Refuses samples that are too small or hold something that is not a finite number.
 * @throws RangeError naming the function, and the position of a bad value.
 */
export function requireSample(values: readonly number[], atLeast: number, caller: string): void {
  if (values.length < atLeast) {
    throw new RangeError(`${caller}: needs at least ${atLeast} value(s), got ${values.length}`);
  }
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new RangeError(`${caller}: value ${bad} is ${values[bad]}, not finite`);
}
