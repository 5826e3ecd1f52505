/** The tasks of some seeds. */

import {
  type AdaptationSizes,
  type AdaptationTask,
  adaptationTask,
  type Need,
} from "../../methods/adalora/planted.ts";

/** @param seeds at least one. */
export function tasksOf(
  seeds: readonly number[],
  need: Need,
  sizes: AdaptationSizes,
): [AdaptationTask, ...AdaptationTask[]] {
  const [first, ...rest] = seeds.map((seed) => adaptationTask(seed, need, sizes));
  return [first, ...rest];
}
