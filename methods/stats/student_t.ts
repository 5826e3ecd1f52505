/**
 * Student's t distribution.
 *
 * The functions are jstat's: one file without dependencies that loads without any permission. The
 * `@stdlib` packages are more precise (1e-15 against 2e-8 here) but bring 231 packages, one of which
 * reads the environment when it is imported; 2e-8 is ample for p values.
 */

// @ts-types="./jstat.d.ts"
import jstat from "jstat";

/** P(T ≤ t). `df` > 0. Infinite `t` gives 0 or 1. */
export function tCdf(t: number, df: number): number {
  if (t === Infinity) return 1;
  if (t === -Infinity) return 0;
  // The lower tail keeps relative precision; the upper one would cancel.
  return t > 0 ? 1 - jstat.studentt.cdf(-t, df) : jstat.studentt.cdf(t, df);
}

/** P(T ≥ t), precise in the upper tail. */
export function tSurvival(t: number, df: number): number {
  return tCdf(-t, df);
}

/** The t with P(T ≤ t) = `p`, 0 < `p` < 1. */
export function tQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  return p > 0.5 ? -jstat.studentt.inv(1 - p, df) : jstat.studentt.inv(p, df);
}
