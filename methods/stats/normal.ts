/** The normal distribution, and the z test of a measured mean against a printed one. */

// @ts-types="./jstat.d.ts"
import jstat from "jstat";

/** P(Z ≤ z) of the standard normal distribution. */
export function normalCdf(z: number): number {
  // The lower tail keeps relative precision; the upper one would cancel.
  return z > 0 ? 1 - jstat.normal.cdf(-z, 0, 1) : jstat.normal.cdf(z, 0, 1);
}

/** The z with P(Z ≤ z) = `p`, 0 < `p` < 1. */
export function normalQuantile(p: number): number {
  return jstat.normal.inv(p, 0, 1);
}

/** A mean with the standard deviation of the values behind it, and their number. */
export interface MeanOfSample {
  readonly mean: number;
  readonly sd: number;
  readonly n: number;
}

/**
 * Tests whether two means of independent samples differ, from their summaries alone: two-sided, normal
 * approximation. A standard error of zero gives p = 1 for equal means and 0 otherwise.
 */
export function zTest(
  a: MeanOfSample,
  b: MeanOfSample,
): { readonly z: number; readonly p: number; readonly standardError: number } {
  const standardError = Math.sqrt(a.sd ** 2 / a.n + b.sd ** 2 / b.n);
  const difference = a.mean - b.mean;
  const z = difference === 0 ? 0 : difference / standardError;
  return { z, p: 2 * normalCdf(-Math.abs(z)), standardError };
}
