/** Curves of means over seeds. */

import { estimate } from "../../../methods/stats/mod.ts";
import type { Estimate } from "../../../methods/stats/mod.ts";

/** Point-wise means of one curve for each seed; the curves have one length. */
export function estimateCurve(curves: readonly (readonly number[])[]): Estimate[] {
  return curves[0].map((_, i) => estimate(curves.map((curve) => curve[i])));
}
