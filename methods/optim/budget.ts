// The cubic schedule by which pruning and rank allocation reach their budget.

import { TensorError } from "../tensor/types.ts";
import type { Schedule } from "./schedule.ts";

/** Settings of {@link cubicBudget}; steps are optimiser steps, from 0. */
export interface CubicBudget {
  /** Budget before it falls. */
  initial: number;
  /** Budget at the end. */
  final: number;
  /** t_i: the budget is `initial` up to this step, and nothing is cut. */
  warmup: number;
  /** t_f: the last steps, in which the budget is `final`. */
  cooldown: number;
  /** T, steps in all. */
  steps: number;
  /** ΔT: between the two, something is cut only at multiples of this. @default 1 */
  every?: number;
}

/** A budget and when to enforce it. */
export interface BudgetSchedule {
  value: Schedule;
  /** Whether to cut to the budget at a step: never before it falls, always in the last steps. */
  enforced: (step: number) => boolean;
}

/**
 * v_T + (v₀ − v_T)(1 − (t − t_i)/(T − t_i − t_f))³ for t_i < t ≤ T − t_f, after Zhu and Gupta (arXiv
 * 1710.01878): the form of the published code of AdaLoRA and LoSparse. (Equation 14 of the AdaLoRA
 * paper, arXiv 2303.10512, as printed neither begins at v₀ nor ends at v_T.)
 *
 * @throws TensorError `argument` when warm-up and cool-down leave no step between them.
 *
 * @example
 * ```ts
 * import { cubicBudget } from "./mod.ts";
 *
 * const budget = cubicBudget({
 *   initial: 288, final: 144, warmup: 100, cooldown: 300, steps: 1000, every: 10,
 * });
 * console.log(budget.value(100), budget.value(400), budget.value(700)); // 288 162 144
 * console.log(budget.enforced(405), budget.enforced(410), budget.enforced(901)); // false true true
 * ```
 */
export function cubicBudget(
  { initial, final, warmup, cooldown, steps, every = 1 }: CubicBudget,
): BudgetSchedule {
  const falling = steps - warmup - cooldown;
  if (!(warmup >= 0 && cooldown >= 0 && falling > 0)) {
    throw new TensorError(
      "argument",
      `cubicBudget: a warm-up of ${warmup} and a cool-down of ${cooldown} leave nothing of ${steps} steps`,
    );
  }
  if (!(Number.isInteger(every) && every >= 1)) {
    throw new TensorError(
      "argument",
      `cubicBudget: budgets are enforced every ${every} steps; a positive integer is needed`,
    );
  }
  return {
    value: (step) => {
      if (step <= warmup) return initial;
      if (step > steps - cooldown) return final;
      return final + (initial - final) * (1 - (step - warmup) / falling) ** 3;
    },
    enforced: (step) => step > steps - cooldown || (step > warmup && step % every === 0),
  };
}
