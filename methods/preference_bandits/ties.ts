/** The best of a few candidates, with ties broken at random. */

import type { Stream } from "../tensor/random.ts";

/** Scores within this distance of the best count as equal: sums in another order differ by rounding. */
const ROUNDING = 1e-12;

/**
 * The candidate in 0 … count − 1 with the largest score; one of the equals at random. Draws from `ties`
 * only when there are several.
 */
export function chooseBest(count: number, score: (i: number) => number, ties: Stream): number {
  let best = -Infinity;
  const scores = Array.from({ length: count }, (_, i) => {
    const value = score(i);
    if (value > best) best = value;
    return value;
  });
  const slack = ROUNDING * Math.max(1, Math.abs(best));
  const equals: number[] = [];
  for (let i = 0; i < count; i++) if (scores[i] >= best - slack) equals.push(i);
  return equals.length === 1 ? equals[0] : equals[ties.nextInteger(0, equals.length)];
}
