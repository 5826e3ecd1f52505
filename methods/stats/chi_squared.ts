/** The χ² distribution (jstat's; see student_t.ts for why). */

// @ts-types="./jstat.d.ts"
import jstat from "jstat";

/** The x with P(X ≤ x) = `p`, 0 < `p` < 1, for X of `df` > 0 degrees of freedom; good to about 1e-8. */
export function chiSquaredQuantile(p: number, df: number): number {
  return jstat.chisquare.inv(p, df);
}
