// What a method of fine-tuning or compression gives to a run, whatever the task.

import type { Host, Tensor } from "../tensor/mod.ts";
import type { PretrainedParams, TaskBatch, TunedModel } from "../nn/mod.ts";
import type {
  BudgetPlan,
  PlanRange,
  Prunable,
  PrunedTrainingInputs,
  PrunedTrainingTrace,
} from "../budget/mod.ts";

/** A method on one encoder with a task's head. S is the state that a run carries. */
export interface Tuner<S> {
  /** What no step changes; `{}` where all is trained. */
  readonly frozen: Host<PretrainedParams> | Record<string, never>;
  /** The state before the first step, in arrays of its own. */
  begin(seed: number): Host<S>;
  /** As many steps as the inputs hold. */
  run(
    loss: (model: TunedModel, batch: TaskBatch) => Tensor,
    frozen: PretrainedParams,
    state: S,
    inputs: PrunedTrainingInputs<TaskBatch>,
  ): readonly [S, PrunedTrainingTrace];
  model(frozen: PretrainedParams, state: S): TunedModel;
  /** Where something is pruned: what, and to what at each step. */
  readonly pruning?: {
    readonly prunable: Prunable;
    plan(range: Required<PlanRange>): BudgetPlan;
  };
}
