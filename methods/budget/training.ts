// Training with pruning as one traced loop: gradient, clipping, optimiser, then the pruner.

import { add, type NdArray, scan, type Tensor, treeLeaves, valueAndGrad } from "../tensor/mod.ts";
import { clipFactor, type Optimizer, type OptimizerState } from "../optim/mod.ts";
import type { BudgetPlan } from "./plan.ts";
import type { Pruner, PrunerState, PrunerTrace } from "./pruner.ts";

/** What of the trained tree T is pruned, and how. */
export interface Pruning<T, P> {
  pruner: Pruner<P>;
  /** The part that is pruned; it serves for gradients too. */
  part: (trained: T) => P;
  /** T with another part. */
  replace: (trained: T, part: P) => T;
  /**
   * The w of |w ∂L/∂w|: `after` the optimiser's step, as both published code bases take it, or
   * `before` it, as Algorithm 1 of AdaLoRA is written.
   * @default "after"
   */
  weights?: "after" | "before";
}

/** Settings of {@link prunedTraining}. */
export interface PrunedTrainingOptions<T, P> {
  optimizer: Optimizer;
  /** Largest global norm of a gradient. @default no clipping */
  clip?: number;
  /** @default nothing is pruned */
  pruning?: Pruning<T, P>;
}

/** What a run carries from step to step. */
export type PrunedTrainingState<T, L = Tensor> = {
  trained: T;
  optimizer: OptimizerState<T, L>;
  pruner?: PrunerState<L>;
};

/** Inputs of a run: every leaf has a leading axis of steps. Of one step: without it. */
export type PrunedTrainingInputs<B, L = Tensor> = {
  batch: B;
  /** Learning rates. */
  lr: L;
  /** Needed with pruning, and with it only. */
  plan?: BudgetPlan<L>;
};

/** What each step reports. */
export type PrunedTrainingTrace<L = Tensor> = {
  /** The loss, without the penalty. */
  loss: L;
  pruning?: PrunerTrace<L>;
};

/** What is minimised: a loss of a batch, and a penalty on the parameters. */
export interface Objective<T, B> {
  loss: (trained: T, batch: B) => Tensor;
  /** Added to the loss, so that sensitivities see it too. @default none */
  penalty?: (trained: T) => Tensor;
}

/** A training loop. */
export interface PrunedTraining<T> {
  /**
   * The state before the first step.
   *
   * @param trained a tree of host arrays of one float dtype.
   * @param scores [N], for a ranking by given scores only.
   */
  init<H>(trained: H, options?: { scores?: NdArray }): PrunedTrainingState<H, NdArray>;
  /** One step. */
  step<B>(
    objective: Objective<T, B>,
    state: PrunedTrainingState<T>,
    inputs: PrunedTrainingInputs<B>,
  ): [PrunedTrainingState<T>, PrunedTrainingTrace];
  /** As many steps as the inputs hold, in one `scan`. */
  run<B>(
    objective: Objective<T, B>,
    state: PrunedTrainingState<T>,
    inputs: PrunedTrainingInputs<B>,
  ): [PrunedTrainingState<T>, PrunedTrainingTrace];
}

/**
 * The loop that both papers' code runs: backward, clip, optimiser, then sensitivity and mask, with
 * steps counted from 0 (the plan's). Ranking inside the program costs a sort of N numbers in a step
 * that ranks; leaving the program for it would copy the whole state out and in.
 */
export function prunedTraining<T, P = never>(
  { optimizer, clip, pruning }: PrunedTrainingOptions<T, P>,
): PrunedTraining<T> {
  function step<B>(
    { loss, penalty }: Objective<T, B>,
    state: PrunedTrainingState<T>,
    { batch, lr, plan }: PrunedTrainingInputs<B>,
  ): [PrunedTrainingState<T>, PrunedTrainingTrace] {
    const total = (trained: T) => {
      const value = loss(trained, batch);
      return [penalty ? add(value, penalty(trained)) : value, value] as const;
    };
    const [[, value], raw] = valueAndGrad(total, { hasAux: true })(state.trained);
    const scale = clip === undefined ? undefined : clipFactor(raw, clip);
    const [stepped, next] = optimizer.step(state.trained, raw, state.optimizer, {
      lr,
      gradientScale: scale,
    });
    if (!pruning) return [{ trained: stepped, optimizer: next }, { loss: value }];
    if (!plan || !state.pruner) throw new TypeError("pruning needs a plan and a pruner's state");
    const { pruner, part, replace, weights = "after" } = pruning;
    const params = part(stepped);
    const [masked, prunerState, report] = pruner.step(state.pruner, {
      weights: weights === "after" ? params : part(state.trained),
      gradients: part(raw),
      gradientScale: scale,
      params,
    }, plan);
    const trained = replace(stepped, masked);
    return [{ trained, optimizer: next, pruner: prunerState }, { loss: value, pruning: report }];
  }
  return {
    step,
    init: (trained, options = {}) => ({
      trained,
      optimizer: optimizer.init(trained),
      ...(pruning
        ? { pruner: pruning.pruner.init({ dtype: dtypeOfTree(trained), ...options }) }
        : {}),
    }),
    run: (objective, state, inputs) =>
      scan(
        (state: PrunedTrainingState<T>, x: typeof inputs) => step(objective, state, x),
        state,
        inputs,
      ),
  };
}

function dtypeOfTree(tree: unknown) {
  return (treeLeaves(tree)[0].leaf as NdArray).dtype;
}
