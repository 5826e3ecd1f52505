/** The tasks of some seeds. */

import {
  type PlantedSizes,
  type PlantedTask,
  plantedTask,
  type Structure,
} from "../../methods/losparse/planted.ts";

/** @param seeds at least one. */
export function tasksOf(
  seeds: readonly number[],
  structure: Structure,
  sizes: PlantedSizes,
): [PlantedTask, ...PlantedTask[]] {
  const [first, ...rest] = seeds.map((seed) => plantedTask(seed, structure, sizes));
  return [first, ...rest];
}
