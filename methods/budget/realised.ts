// Whether a run has realised its budget: what was kept, beside what was to be kept.

import { type NdArray, toNumbers } from "../tensor/mod.ts";
import type { BudgetPlan } from "./plan.ts";
import type { PrunerTrace } from "./pruner.ts";

/** A budget that was not realised. */
export class BudgetError extends Error {
  override readonly name = "BudgetError";
}

/** What there was to prune. */
export interface Prunable {
  /** N, groups in all. */
  count: number;
  /** Units of each group. @default all 1 */
  sizes?: readonly number[];
  /** As given to `pruner`. @default "within" */
  boundary?: "within" | "across";
}

/** What a run came to. */
export interface Realised {
  /** Groups kept after the last step. */
  kept: number;
  /** Units kept after the last step. */
  units: number;
  /** Groups that are not all 0 after the last step. */
  alive: number;
  /** Steps that ranked. */
  rankings: number;
  /** Rankings in which the index decided between equal scores; many mean that scores say nothing. */
  ties: number;
}

/**
 * Asserts that each step that masks keeps what the plan says: with units of 1 exactly
 * min(budget, N) groups, else no more than the budget (or no less, if the boundary is `across`) by
 * less than the largest group; and that nothing dropped is alive. Scores that tie, or a schedule that
 * never acts, would otherwise pass for pruning.
 *
 * @throws BudgetError naming the step.
 */
export function assertRealised(
  plan: BudgetPlan,
  trace: PrunerTrace<NdArray>,
  { count, sizes, boundary = "within" }: Prunable,
): Realised {
  const [keep, units, kept, alive] = [plan.keep, trace.units, trace.kept, trace.alive].map(
    toNumbers,
  );
  const total = sizes ? sizes.reduce((a, b) => a + b, 0) : count;
  const slack = sizes ? Math.max(...sizes) : 1;
  plan.apply.data.forEach((applied: number | bigint, step: number) => {
    if (!applied) return;
    // After `across` up to one group too many, after `within` less than one too few.
    const missing = Math.min(keep[step], total) - units[step];
    const fits = boundary === "within"
      ? missing >= 0 && missing < slack
      : missing > -slack - 1 && missing <= 0;
    if (!fits || alive[step] > kept[step]) {
      throw new BudgetError(
        `step ${step} keeps ${units[step]} units in ${kept[step]} groups, ${alive[step]} of them ` +
          `not 0; the budget is ${keep[step]} of ${total} units`,
      );
    }
  });
  const last = keep.length - 1;
  const rankings = toNumbers(plan.rank), tied = toNumbers(trace.tied);
  return {
    kept: kept[last],
    units: units[last],
    alive: alive[last],
    rankings: rankings.reduce((a, b) => a + b, 0),
    ties: rankings.reduce((n, ranked, step) => n + ranked * tied[step], 0),
  };
}
