// Training of LoSparse and of the methods it is compared with: all weights move, rows of S are pruned.

import type { Spec, Tensor } from "../tensor/mod.ts";
import type { Optimizer } from "../optim/mod.ts";
import {
  type BudgetPlan,
  budgetPlan,
  type BudgetPlanOptions,
  type PlanRange,
  type PrunedTraining,
  prunedTraining,
  pruner,
  type PrunerSettings,
} from "../budget/mod.ts";
import { type Residuals, residualsOf, rowGroups, withResiduals } from "./rows.ts";
import type { LowRanks } from "./split.ts";

/** What is trained: the tree whose chosen maps hold S, and their low-rank parts (none for pruning alone). */
export type LosparseTrained<P, L = Tensor> = { params: P; lowRanks: LowRanks<L> };

/** Settings of {@link losparsePlan}. */
export interface LosparsePlanOptions
  extends Pick<BudgetPlanOptions, "warmup" | "cooldown" | "steps"> {
  /** N, entries of all S. */
  entries: number;
  /** p_T, share of them that remains at the end. */
  final: number;
  /** ΔT, steps between rankings and length of a window. @default 10 */
  every?: number;
}

/**
 * The schedule of LoSparse's code: from all entries to p_T of them; N − ⌊N(1 − p)⌋ remain at a
 * share of p. Scores go on in the last phase, which ranks at every step.
 */
export function losparsePlan(
  { entries, final, every = 10, ...rest }: LosparsePlanOptions,
  range?: PlanRange,
): BudgetPlan {
  return budgetPlan({
    ...rest,
    initial: 1,
    final,
    every,
    window: every,
    cooldownMask: "moving",
    units: (share) => entries - Math.floor(entries * (1 - share)),
  }, range);
}

/** Settings of {@link losparseTraining}. */
export interface LosparseOptions {
  /** The S to prune, or their specs, by path; none for dense training or low rank alone. */
  residuals?: Residuals<Spec>;
  optimizer: Optimizer;
  /** Largest global norm of the gradient. @default no clipping */
  clip?: number;
  /**
   * What ranks rows. LoSparse's code has β₁ = 0.85, windows of ΔT and no uncertainty; with a `beta2`
   * it is PLATON's score.
   * @default sensitivity in windows of `every`
   */
  ranking?: PrunerSettings["ranking"];
  /** ΔT, for the default ranking. @default 10 */
  every?: number;
  /** @default "within" */
  boundary?: PrunerSettings["boundary"];
}

/**
 * The training loop. With low-rank parts it is LoSparse, without them pruning alone (ITP), with a
 * ranking by `movement` movement pruning, without residuals dense training or low rank alone.
 */
export function losparseTraining<P>(
  {
    residuals,
    optimizer,
    clip,
    every = 10,
    ranking = { by: "sensitivity", beta1: 0.85, window: every },
    boundary,
  }: LosparseOptions,
): PrunedTraining<LosparseTrained<P>> {
  const paths = residuals && Object.keys(residuals);
  return prunedTraining<LosparseTrained<P>, Residuals>({
    optimizer,
    clip,
    pruning: residuals && {
      pruner: pruner(rowGroups(residuals), { ranking, boundary }),
      part: ({ params }) => residualsOf<Tensor>(params, paths!),
      replace: ({ params, lowRanks }, part) => ({
        params: withResiduals(params, part),
        lowRanks,
      }),
    },
  });
}
