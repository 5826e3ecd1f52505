// What to do at each step of a run that reaches a budget: how much to keep, and when to cut to it.

import { fromNumbers, type NdArray } from "../tensor/mod.ts";
import { type CubicBudget, cubicBudget } from "../optim/mod.ts";

/** Settings of {@link budgetPlan}. Steps are optimiser steps, from 0. */
export interface BudgetPlanOptions extends CubicBudget {
  /**
   * What the last `cooldown` steps do with the mask. `frozen` (AdaLoRA): scores stop at step
   * T − t_f, groups are ranked once more at that step whatever ΔT says, and the same are zeroed after
   * every later step. `moving` (LoSparse): scores go on and every step ranks again.
   */
  cooldownMask: "frozen" | "moving";
  /**
   * `code`: the schedule of both published code bases, see `cubicBudget`. `printed`: equation 14 of
   * the AdaLoRA paper (arXiv 2303.10512) as printed, whose numerator is t − t_i − t_f: it exceeds v₀
   * at t_i and stops short of v_T at T − t_f, where it jumps.
   * @default "code"
   */
  form?: "code" | "printed";
  /** From the schedule's value to a whole number of units. @default Math.floor */
  units?: (value: number) => number;
  /** Steps of a window of `importance`; each begins at a multiple of it. @default 1 */
  window?: number;
}

/** Which steps of the run a plan covers. */
export interface PlanRange {
  /** @default 0 */
  first?: number;
  /** @default all that are left */
  count?: number;
}

/** What to do at each step; leaves [steps], scanned beside the batches. Of one step: scalars. */
export type BudgetPlan<L = NdArray> = {
  /** Units to keep, int32. */
  keep: L;
  /** Whether this step's sensitivity enters the averages, bool. */
  learn: L;
  /** Whether groups are ranked anew, bool. */
  rank: L;
  /** Whether what the mask drops is zeroed, bool; true wherever `rank` is. */
  apply: L;
  /** Place of the step in its window, from 0, float32. */
  place: L;
};

/** Equation 14 of the AdaLoRA paper as printed. */
function printedBudget({ initial, final, warmup, cooldown, steps }: CubicBudget) {
  return (step: number) => {
    if (step < warmup) return initial;
    if (step >= steps - cooldown) return final;
    const progress = (step - warmup - cooldown) / (steps - warmup - cooldown);
    return final + (initial - final) * (1 - progress) ** 3;
  };
}

/**
 * The plan of a run, or of some steps of it, so that a run may be cut into programs of any length.
 *
 * @throws RangeError when warm-up and cool-down leave no step between them.
 *
 * @example
 * ```ts
 * import { budgetPlan } from "./mod.ts";
 *
 * const plan = budgetPlan({
 *   initial: 48, final: 24, warmup: 2, cooldown: 4, steps: 12, every: 2, cooldownMask: "frozen",
 * });
 * console.log([...plan.keep.data]); // [48, 48, 48, 37, 31, 27, 24, 24, 24, 24, 24, 24]
 * console.log([...plan.rank.data]); // [0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0]
 * ```
 */
export function budgetPlan(
  options: BudgetPlanOptions,
  { first = 0, count = options.steps - first }: PlanRange = {},
): BudgetPlan {
  const { cooldownMask, form = "code", units = Math.floor, window = 1 } = options;
  if (!(first >= 0 && count >= 1 && first + count <= options.steps)) {
    throw new RangeError(`steps ${first} to ${first + count} are not among ${options.steps}`);
  }
  const { value, enforced } = cubicBudget(options);
  const budget = form === "printed" ? printedBudget(options) : value;
  const frozenFrom = cooldownMask === "frozen" ? options.steps - options.cooldown : Infinity;
  const steps = Array.from({ length: count }, (_, i) => first + i);
  const flags = (f: (step: number) => boolean) =>
    fromNumbers(steps.map((step) => Number(f(step))), [count], "bool");
  const rank = (step: number) => step === frozenFrom || (enforced(step) && step < frozenFrom);
  return {
    keep: fromNumbers(steps.map((step) => units(budget(step))), [count], "int32"),
    learn: flags((step) => step < frozenFrom),
    rank: flags(rank),
    apply: flags((step) => rank(step) || enforced(step)),
    place: fromNumbers(steps.map((step) => step % window), [count]),
  };
}
