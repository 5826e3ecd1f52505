/** Declares the few functions of jstat 1.9.6 that this library uses (the package has no types). */

interface StudentT {
  /** P(T ≤ x) with `df` > 0 degrees of freedom. */
  cdf(x: number, df: number): number;
  /** The x with P(T ≤ x) = p, 0 < p < 1. */
  inv(p: number, df: number): number;
}

declare const jstat: { readonly studentt: StudentT };
export default jstat;
