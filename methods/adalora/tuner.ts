// AdaLoRA and the methods beside it on a benchmark's task, as the published runs set them.

import type { Host, NdArray } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam } from "../optim/mod.ts";
import { budgetPlan } from "../budget/mod.ts";
import {
  type Goal,
  initTaskHead,
  type Pretrained,
  type PretrainedParams,
  type TaskHead,
  withoutPooler,
} from "../nn/mod.ts";
import type { Tuner } from "../finetuning/tuner.ts";
import { ranksOf } from "./merge.ts";
import { type MethodState, methodTrainer, type TextMethod } from "./method_trainer.ts";
import { adapterScale, type SvdAdapters } from "./triplets.ts";
import { type Adaptation, type Allocation, isLora, startingRank } from "./variants.ts";

/** Settings of {@link adaloraTuner}. */
export interface AdaloraTunerOptions extends Allocation {
  goal: Goal;
  /** T. */
  steps: number;
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
  /** γ. */
  gamma: number;
  /** α: LoRA's factor on ΔW is α/r, that of P Λ Q α/(r_init + 10⁻⁵), also after pruning. */
  alpha: number;
  /** Decoupled; of adapters and of the head's weights, not of biases. None with `full` and `bitfit`. */
  weightDecay: number;
}

/** A method with what the paper's tables count of it. */
export interface AdaloraTuner extends Tuner<MethodState<TaskHead>> {
  /** Numbers that are trained beside the head, before pruning. */
  readonly parameters: number;
  /** Of methods that prune: the rank left of each map, by path. */
  ranks(state: Host<MethodState<TaskHead>>): Record<string, number> | undefined;
}

/** Factor on ΔW; 1 where there is none. */
function scaleOf(method: TextMethod, alpha: number, allocation: Allocation): number {
  const rank = startingRank(method as Adaptation, allocation);
  return isLora(method as Adaptation) ? alpha / rank : adapterScale(alpha, rank);
}

/**
 * A method for an encoder of either form. Heads depend on the seed alone, so that all methods begin alike.
 *
 * @throws RangeError when warm-up and cool-down leave no step between them.
 */
export function adaloraTuner(
  method: TextMethod,
  pretrained: Pretrained,
  options: AdaloraTunerOptions,
): AdaloraTuner {
  const { goal, steps, warmup, cooldown, every, alpha, weightDecay } = options;
  const { encoder: { config: { width }, params }, pooler } = withoutPooler(pretrained);
  const whole = method === "full" || method === "bitfit";
  const trainer = methodTrainer<PretrainedParams, TaskHead, TaskHead<NdArray>>(method, params, {
    ...options,
    width,
    head: (seed) => initTaskHead(stream(seed, "head"), goal, width, pooler),
    scale: scaleOf(method, alpha, options),
    optimizer: adam({
      decay: "decoupled",
      weightDecay: whole ? 0 : weightDecay,
      groups: [{ where: (path) => path.endsWith(".b"), settings: { weightDecay: 0 } }],
    }),
  });
  const { budget } = trainer;
  const schedule = budget && { ...budget, warmup, cooldown, steps, every };
  // Told now, not after the data were read.
  if (schedule) budgetPlan({ ...schedule, cooldownMask: "frozen" }, { first: 0, count: 1 });
  return {
    parameters: trainer.layout.size,
    frozen: method === "full" ? {} : params,
    begin: (seed) => trainer.begin(seed) as Host<MethodState<TaskHead>>,
    run: (loss, frozen, state, inputs) => trainer.run(loss, frozen, state, inputs),
    model: (frozen, state) => trainer.model(frozen, state),
    ...(schedule
      ? {
        pruning: {
          prunable: { count: schedule.initial },
          plan: (range) => budgetPlan({ ...schedule, cooldownMask: "frozen" }, range),
        },
      }
      : {}),
    ranks: ({ trained, pruner }) =>
      pruner && ranksOf(trainer.layout.unpack<SvdAdapters<NdArray>>(trained.adapters)),
  };
}
