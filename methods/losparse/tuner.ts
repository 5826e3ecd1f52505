// LoSparse and the methods beside it on a benchmark's task, as the published runs set them.

import { type Host, type NdArray, treeMap } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam } from "../optim/mod.ts";
import type { PrunedTrainingState } from "../budget/mod.ts";
import {
  type Goal,
  initTaskHead,
  type Pretrained,
  type PretrainedParams,
  type TaskHead,
  type TunedModel,
  withoutPooler,
} from "../nn/mod.ts";
import type { Tuner } from "../finetuning/tuner.ts";
import { type LowRanks, withLowRanks } from "./split.ts";
import { type Budget, compression, type TextMethod } from "./text_methods.ts";
import { losparsePlan, type LosparseTrained, losparseTraining } from "./training.ts";

/** Settings of {@link losparseTuner}. */
export interface LosparseTunerOptions extends Budget {
  goal: Goal;
  /** T. */
  steps: number;
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
  /** Decoupled; of matrices, not of biases and norms. */
  weightDecay: number;
}

type Model = { encoder: PretrainedParams; head: TaskHead };

/** What a run carries: all weights, and the low-rank parts. */
export type LosparseState = PrunedTrainingState<LosparseTrained<Model>>;

/** A method with what is counted of it. */
export interface LosparseTuner extends Tuner<LosparseState> {
  /** Entries of the weights that are compressed. */
  readonly entries: number;
  /** Entries of all L and R; those of rows of S come to it. */
  readonly lowRankEntries: number;
}

/**
 * A method for an encoder of either form, all of whose weights are trained. Heads depend on the seed
 * alone, so that all methods begin alike.
 *
 * @param factors of the encoder's maps by path, of the rank of the largest budget or more; those that are
 *   missing are computed.
 * @throws RangeError when the low-rank part leaves nothing of the budget to rows of S, or when warm-up and
 *   cool-down leave no step between them.
 */
export function losparseTuner(
  method: TextMethod,
  pretrained: Pretrained,
  factors: LowRanks<NdArray>,
  { goal, steps, warmup, cooldown, every, weightDecay, ...budget }: LosparseTunerOptions,
): LosparseTuner {
  const { encoder: { config, params }, pooler } = withoutPooler(pretrained);
  const headOf = (seed: number) =>
    initTaskHead(stream(seed, "losparse", "head"), goal, config.width, pooler);
  const start = compression(method, params, headOf, factors, budget);
  const { entries, lowRankEntries, pruning } = start;
  const training = losparseTraining<Model>({
    residuals: pruning?.residuals,
    ranking: pruning?.ranking,
    every,
    optimizer: adam({
      decay: "decoupled",
      weightDecay,
      groups: [{ where: (_, { shape }) => shape.length < 2, settings: { weightDecay: 0 } }],
    }),
  });
  const schedule = pruning && { entries, final: pruning.final, warmup, cooldown, steps, every };
  // Told now, not after minutes of preparation.
  if (schedule) losparsePlan(schedule, { first: 0, count: 1 });
  const copied = <T>(tree: T): T =>
    treeMap<T>((leaf) => {
      const array = leaf as NdArray;
      return { ...array, data: array.data.slice() } as NdArray;
    }, tree);
  const modelOf = ({ params, lowRanks }: LosparseTrained<Model>) =>
    withLowRanks(params, lowRanks, { form: "joined" }) as TunedModel;
  return {
    entries,
    lowRankEntries,
    frozen: {},
    begin(seed) {
      const trained = copied(start.begin(seed));
      const scores = start.lots?.(seed);
      return training.init(trained, scores && { scores }) as Host<LosparseState>;
    },
    run: (loss, _, state, inputs) =>
      training.run(
        {
          loss: (trained, batch: typeof inputs.batch) => loss(modelOf(trained), batch),
        },
        state,
        inputs,
      ),
    model: (_, { trained }) => modelOf(trained),
    ...(schedule
      ? {
        pruning: {
          prunable: { count: pruning.sizes.length, sizes: pruning.sizes },
          plan: (range) => losparsePlan(schedule, range),
        },
      }
      : {}),
  };
}
