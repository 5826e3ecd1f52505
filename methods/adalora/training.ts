// Training of adapters in one flat vector, with or without pruning; AdaLoRA and its baselines.

import { mul, type NdArray, ravel, type Spec, type Tensor, type Tree } from "../tensor/mod.ts";
import { type Layout, layoutOf, type Optimizer } from "../optim/mod.ts";
import {
  type Groups,
  prunedTraining,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
  type PrunedTrainingTrace,
  pruner,
  type PrunerSettings,
  type Pruning,
} from "../budget/mod.ts";
import { orthogonality, type OrthogonalityOptions } from "./orthogonality.ts";
import { type SvdAdapters, tripletGroups } from "./triplets.ts";

/** What is trained: adapters as one vector [n], and any tree beside them, such as a task's head. */
export type AdapterTrained<R, L = Tensor> = { adapters: L; rest: R };

/** Settings of {@link adapterTraining}. */
export interface AdapterTrainingOptions<A> {
  /** The adapters, or their specs: what the flat vector holds. */
  like: unknown;
  optimizer: Optimizer;
  /** Largest global norm of the gradient of all that is trained. @default no clipping */
  clip?: number;
  /** @default nothing is pruned */
  pruning?: PrunerSettings & { groups: Groups<A>; weights?: Pruning<unknown, A>["weights"] };
  /** Added to the loss. @default none */
  penalty?: (adapters: A) => Tensor;
}

/** A training loop for adapters A with a tree R beside them. */
export interface AdapterTraining<A, R> {
  /** Where adapters lie in their vector. */
  layout: Layout;
  /**
   * The state before the first step.
   *
   * @param rest host arrays of the form of R.
   * @param scores [N], for a ranking by given scores only.
   */
  init<H>(
    adapters: Tree<NdArray>,
    rest: H,
    options?: { scores?: NdArray },
  ): PrunedTrainingState<AdapterTrained<H, NdArray>, NdArray>;
  /** Scores of the groups by which the next ranking goes, [N]. @throws TypeError without pruning */
  scores(state: PrunedTrainingState<AdapterTrained<R>>): Tensor;
  /** As many steps as the inputs hold, in one `scan`. */
  run<B>(
    loss: (adapters: A, rest: R, batch: B) => Tensor,
    state: PrunedTrainingState<AdapterTrained<R>>,
    inputs: PrunedTrainingInputs<B>,
  ): [PrunedTrainingState<AdapterTrained<R>>, PrunedTrainingTrace];
}

/**
 * Training of any adapters. They are few and small, so that they live in one vector: the optimiser and
 * the averages of sensitivity then take a fixed number of operators, whatever the number of maps.
 *
 * @example
 * ```ts
 * import { adam } from "../optim/mod.ts";
 * import { block, type AnyBlock, initSeparateBlock, type SeparateBlockParams } from "../nn/mod.ts";
 * import { add, compile, matmul, meanSquaredError, type Tensor, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { adapterTraining, initLora, type LoraAdapters, withLora } from "./mod.ts";
 *
 * // LoRA of rank 2 on a transformer block, with a new head.
 * const frozen = initSeparateBlock(stream(1, "block"), 8, 16);
 * const adapters = initLora(stream(1, "lora"), frozen, { rank: 2 });
 * type Head = { w: Tensor };
 * type Batch = { x: Tensor; y: Tensor };
 * const training = adapterTraining<LoraAdapters, Head>({ like: adapters, optimizer: adam() });
 * const state = training.init(adapters, { w: zeros([8, 1]) });
 * const inputs = {
 *   batch: { x: zeros([20, 4, 5, 8]), y: zeros([20, 4, 5, 1]) },
 *   lr: zeros([20]),
 * };
 * const train = (frozen: SeparateBlockParams, s: never, i: never) =>
 *   training.run(
 *     (adapters, head, { x, y }: Batch) => {
 *       const params: AnyBlock = withLora(frozen, adapters, 2);
 *       return meanSquaredError(matmul(block(params, x, { heads: 2 }), head.w), y);
 *     },
 *     s,
 *     i,
 *   );
 * compile(train, [frozen, state, inputs] as never);
 * ```
 */
export function adapterTraining<A, R>(
  { like, optimizer, clip, pruning, penalty }: AdapterTrainingOptions<A>,
): AdapterTraining<A, R> {
  const layout = layoutOf(like as Tree<Spec>);
  type Trained = AdapterTrained<R>;
  const groupPruner = pruning && pruner(pruning.groups, pruning);
  const training = prunedTraining<Trained, A>({
    optimizer,
    clip,
    pruning: groupPruner && {
      pruner: groupPruner,
      weights: pruning?.weights,
      part: (trained) => layout.unpackTraced<A>(trained.adapters),
      replace: (trained, adapters) => ({ ...trained, adapters: ravel(adapters).flat }),
    },
  });
  return {
    layout,
    init: (adapters, rest, options) =>
      training.init({ adapters: layout.pack(adapters), rest }, options),
    scores({ trained, pruner }) {
      if (!groupPruner || !pruner) throw new TypeError("nothing is pruned, so nothing has scores");
      return groupPruner.scores(pruner, layout.unpackTraced(trained.adapters));
    },
    run: (loss, state, inputs) =>
      training.run(
        {
          loss: ({ adapters, rest }, batch) => loss(layout.unpackTraced(adapters), rest, batch),
          penalty: penalty && (({ adapters }) => penalty(layout.unpackTraced(adapters))),
        },
        state,
        inputs,
      ),
  };
}

/** Settings of {@link adaloraTraining}. */
export interface AdaloraOptions {
  /** The adapters, or their specs. */
  like: SvdAdapters<Spec>;
  optimizer: Optimizer;
  /** @default 1, as Hugging Face's trainer, which the published runs used */
  clip?: number;
  /** γ, weight of {@link orthogonality}. @default 0.1 */
  gamma?: number;
  orthogonality?: OrthogonalityOptions;
  /** @default sensitivity with β₁ = β₂ = 0.85 */
  ranking?: PrunerSettings["ranking"];
  /** @default {@link tripletGroups} */
  groups?: Groups<SvdAdapters>;
  /** Weights before or after the optimiser's step in sensitivities. @default "after" */
  weights?: "after" | "before";
}

/**
 * AdaLoRA. By default what the authors' code and PEFT compute; the paper as printed differs in the
 * schedule (`budgetPlan`), the penalty (`orthogonality`) and the weights of the sensitivity.
 */
export function adaloraTraining<R>(
  {
    like,
    optimizer,
    clip = 1,
    gamma = 0.1,
    orthogonality: form,
    ranking = { by: "sensitivity", beta1: 0.85, beta2: 0.85 },
    groups = tripletGroups(like),
    weights,
  }: AdaloraOptions,
): AdapterTraining<SvdAdapters, R> {
  return adapterTraining<SvdAdapters, R>({
    like,
    optimizer,
    clip,
    pruning: { groups, ranking, weights },
    penalty: gamma === 0 ? undefined : (adapters) => mul(orthogonality(adapters, form), gamma),
  });
}
