/** Hodges–Lehmann estimate: a robust centre of paired differences. */

import { median, requireSample } from "./summary.ts";

/** Median of the Walsh averages (dᵢ + dⱼ)/2, i ≤ j. */
export function hodgesLehmann(differences: readonly number[]): number {
  requireSample(differences, 1, "hodgesLehmann");
  const averages: number[] = [];
  for (let i = 0; i < differences.length; i++) {
    for (let j = i; j < differences.length; j++) {
      averages.push((differences[i] + differences[j]) / 2);
    }
  }
  return median(averages);
}
