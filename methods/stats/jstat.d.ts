/** Declares the few functions of jstat 1.9.6 that this library uses (the package has no types). */

interface StudentT {
  /** P(T ≤ x) with `df` > 0 degrees of freedom. */
  cdf(x: number, df: number): number;
  /** The x with P(T ≤ x) = p, 0 < p < 1. */
  inv(p: number, df: number): number;
}

interface Normal {
  /** P(X ≤ x) for mean `mean` and standard deviation `sd`. */
  cdf(x: number, mean: number, sd: number): number;
  /** The x with P(X ≤ x) = p, 0 < p < 1. */
  inv(p: number, mean: number, sd: number): number;
}

interface Beta {
  /** The regularised incomplete beta function I_x(a, b). */
  cdf(x: number, a: number, b: number): number;
  /** The x with I_x(a, b) = p. */
  inv(p: number, a: number, b: number): number;
}

interface ChiSquared {
  /** The x with P(X ≤ x) = p, 0 < p < 1, for `df` > 0 degrees of freedom. */
  inv(p: number, df: number): number;
}

declare const jstat: {
  readonly chisquare: ChiSquared;
  readonly studentt: StudentT;
  readonly normal: Normal;
  readonly beta: Beta;
};
export default jstat;
