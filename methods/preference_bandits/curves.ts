/** Numbers read off curves over sample sizes: slopes of powers, and where a curve crosses a level. */

import { slope } from "../stats/mod.ts";

/**
 * Exponent of a power law: the least-squares slope of log y on log x.
 * @throws RangeError when a value is not positive, since it has no logarithm.
 */
export function exponent(x: readonly number[], y: readonly number[]): number {
  const bad = [...x, ...y].find((v) => !(v > 0));
  if (bad !== undefined) throw new RangeError(`exponent: ${bad} is not positive`);
  return slope(x.map(Math.log), y.map(Math.log));
}

/**
 * Where a falling curve crosses `level`: the line of y on log x that fits best is solved for x. A fit over
 * all points is steadier than the first point below, since block means are noisy. Give points close around
 * the crossing, within a factor of two: over a wider range the curve is no line.
 *
 * @throws RangeError when the fitted line does not fall.
 */
export function crossingSize(
  x: readonly number[],
  y: readonly number[],
  level: number,
): number {
  const logs = x.map(Math.log);
  const steepness = slope(logs, y);
  if (!(steepness < 0)) {
    throw new RangeError(`crossingSize: the curve does not fall (${steepness})`);
  }
  const centre = logs.reduce((a, b) => a + b, 0) / logs.length;
  const height = y.reduce((a, b) => a + b, 0) / y.length;
  return Math.exp(centre + (level - height) / steepness);
}
