// The groups of highest score that fit a budget, exactly, inside programs.

import {
  argsort,
  constant,
  cumsum,
  fromNumbers,
  lessEqual,
  sub,
  take,
  type Tensor,
} from "../tensor/mod.ts";

/** What a group costs, and which side of the budget the last one falls on. */
export interface KeepTopOptions {
  /** Units of each group, positive integers [N]. @default all 1 */
  sizes?: readonly number[];
  /**
   * The group that lies across the budget: `within` drops it, so that no more than the budget is
   * kept, and less than one group less; `across` keeps it, and one that begins just at the budget, as
   * LoSparse's code does with its threshold.
   * @default "within"
   */
  boundary?: "within" | "across";
}

/**
 * Which groups to keep: those of highest score, of equal scores the one with the lower index, as long
 * as they fit. With sizes of 1 exactly min(budget, N) are kept; a budget of 0 keeps none.
 *
 * @param scores [N], without NaN.
 * @param budget units to keep, int32 scalar.
 * @returns bool [N].
 *
 * @example
 * ```ts
 * import { constant, evaluate, fromNested, type Tensor } from "../tensor/mod.ts";
 * import { keepTop } from "./mod.ts";
 *
 * const mask = await evaluate((s: Tensor) => keepTop(s, constant(2, "int32")), [
 *   fromNested([0.1, 0.7, 0.7, 0.7]),
 * ]);
 * console.log([...mask.data]); // [0, 1, 1, 0]
 * ```
 */
export function keepTop(
  scores: Tensor,
  budget: Tensor,
  { sizes, boundary = "within" }: KeepTopOptions = {},
): Tensor {
  const [count] = scores.shape;
  if (sizes && sizes.length !== count) {
    throw new RangeError(`${sizes.length} sizes for ${count} groups`);
  }
  // Sorting is stable, so that ties fall to the lower index.
  const order = argsort(scores, -1, { descending: true });
  const costs = constant(fromNumbers(sizes ?? new Array(count).fill(1), [count], "int32"));
  // Units used by each group and all that come before it.
  const used = take(cumsum(take(costs, order), 0), argsort(order));
  return boundary === "within" ? lessEqual(used, budget) : lessEqual(sub(used, costs), budget);
}
