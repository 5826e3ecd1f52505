// The shape of learning curves on logarithmic axes: slopes, curvature, and which points count.

import { slope } from "../stats/slope.ts";

/** A learning curve's parts that its shape depends on. */
export interface ErrorCurve {
  readonly sizes: readonly number[];
  /** Relative squared error at each size. */
  readonly error: readonly number[];
  /** Relative squared error of a fit without noise on many rows. */
  readonly floor: number;
}

/**
 * The sizes at which a design's mean error is at least `factor` times its mean floor; below that,
 * optimiser and width show rather than the sample. Means are geometric, over the curves of all seeds, so
 * that one decision holds for all of them and no seed is favoured for its luck.
 */
export function sizesAboveFloor(curves: readonly ErrorCurve[], factor: number): number[] {
  const meanLog = (values: readonly number[]) =>
    values.reduce((sum, v) => sum + Math.log(v), 0) / values.length;
  const floor = meanLog(curves.map((c) => c.floor));
  return curves[0].sizes.filter((_, i) =>
    meanLog(curves.map((c) => c.error[i])) >= floor + Math.log(factor)
  );
}

/** log n and log error of a curve at the given sizes. */
export function logLog(
  { sizes, error }: Pick<ErrorCurve, "sizes" | "error">,
  at: readonly number[] = sizes,
): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const kept = sizes.flatMap((n, i) => at.includes(n) ? [i] : []);
  return { x: kept.map((i) => Math.log(sizes[i])), y: kept.map((i) => Math.log(error[i])) };
}

/**
 * The coefficient of x² in the least-squares parabola through (x, y); above 0 where a curve flattens.
 * @throws RangeError for fewer than three different x.
 */
export function curvature(x: readonly number[], y: readonly number[]): number {
  if (new Set(x).size < 3) throw new RangeError("curvature: needs three different x");
  // Regress y and x² on x; the coefficient is that of what is left of both (Frisch and Waugh).
  const square = x.map((v) => v * v);
  const left = (values: readonly number[]) => {
    const b = slope(x, values);
    const mean = (v: readonly number[]) => v.reduce((s, a) => s + a, 0) / v.length;
    const a = mean(values) - b * mean(x);
    return values.map((v, i) => v - a - b * x[i]);
  };
  const bend = left(square);
  const scale = bend.reduce((sum, v) => sum + v * v, 0);
  return bend.reduce((sum, v, i) => sum + v * left(y)[i], 0) / scale;
}
