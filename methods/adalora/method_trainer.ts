// Ways to fine-tune an encoder with a task's head: what is trained, and how it stands in the model.

import type { NdArray, Tensor, Tree } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam, type Layout, type Optimizer } from "../optim/mod.ts";
import type {
  PrunedTrainingInputs,
  PrunedTrainingState,
  PrunedTrainingTrace,
} from "../budget/mod.ts";
import { linearArrays, type Replaced } from "../nn/mod.ts";
import {
  type Biases,
  biasesOf,
  BOTTLENECK_PLACES,
  type BottleneckAdapters,
  initBottlenecks,
  withBiases,
  withBottlenecks,
} from "./baselines.ts";
import { initLora, type LoraAdapters, withLora } from "./doublets.ts";
import { type AdapterTrained, type AdapterTraining, adapterTraining } from "./training.ts";
import { initSvdAdapters, type SvdAdapters, withSvdAdapters } from "./triplets.ts";
import {
  type Adaptation,
  ADAPTATIONS,
  type Allocation,
  isLora,
  loraTraining,
  lotsOf,
  startingRank,
  svdTraining,
  tripletBudget,
} from "./variants.ts";

/**
 * What is compared on an encoder: the methods of the planted study, and the rivals of the paper's Table 1.
 * `head` trains the head alone.
 */
export const TEXT_METHODS = [
  ...ADAPTATIONS,
  "full",
  "bitfit",
  "houlsby",
  "pfeiffer",
  "head",
] as const;
export type TextMethod = typeof TEXT_METHODS[number];

/** An encoder P whose maps may be functions, with its head H. */
export interface TrainedModel<P, H> {
  encoder: Replaced<P>;
  head: H;
}

/** Head beside the adapters; absent where the head is all that is trained. */
export type Rest<H> = { head?: H };

/** What a run carries. */
export type MethodState<H, L = Tensor> = PrunedTrainingState<AdapterTrained<Rest<H>, L>, L>;

/** One method on one encoder P with a head H, of host arrays HostHead at the start. */
export interface MethodTrainer<P, H, HostHead> {
  /** Where what is trained beside the head lies in its vector. */
  readonly layout: Layout;
  /** The state before the first step. */
  begin(seed: number): MethodState<HostHead, NdArray>;
  /** As many steps as the inputs hold. */
  run<B>(
    loss: (model: TrainedModel<P, H>, batch: B) => Tensor,
    frozen: P,
    state: MethodState<H>,
    inputs: PrunedTrainingInputs<B>,
  ): [MethodState<H>, PrunedTrainingTrace];
  model(frozen: P, state: MethodState<H>): TrainedModel<P, H>;
  /** Triplets at the start and at the end; null where nothing is pruned. */
  readonly budget: { readonly initial: number; readonly final: number } | null;
  /** Scores of triplets [N]. @throws TypeError where nothing is pruned */
  scores(state: MethodState<H>): Tensor;
}

/** Settings of {@link methodTrainer}. */
export interface MethodTrainerOptions<HostHead> extends Allocation {
  /** d, of the encoder. */
  width: number;
  /** The head as it begins, the same for all methods. */
  head: (seed: number) => HostHead;
  /** γ, of the methods with the penalty. */
  gamma: number;
  /** Factor on ΔW. */
  scale: number;
  /** @default Adam without weight decay */
  optimizer?: Optimizer;
}

interface Kind<A, P, H> {
  training: AdapterTraining<A, Rest<H>>;
  /** What is trained, as it begins. */
  start(seed: number): Tree<NdArray>;
  scores?(seed: number): { scores?: NdArray };
  budget?: MethodTrainer<P, H, unknown>["budget"];
  place(frozen: P, trained: A): Replaced<P>;
}

function trainerOf<A, P, H, HostHead>(
  { training, start, scores, place, budget = null }: Kind<A, P, H>,
  head: (seed: number) => HostHead,
): MethodTrainer<P, H, HostHead> {
  const modelOf = (frozen: P, trained: A, { head }: Rest<H>): TrainedModel<P, H> => ({
    encoder: place(frozen, trained),
    head: head!,
  });
  return {
    layout: training.layout,
    budget,
    begin: (seed) => training.init(start(seed), { head: head(seed) }, scores?.(seed)),
    run: (loss, frozen, state, inputs) =>
      training.run(
        (trained, rest, batch: typeof inputs.batch) => loss(modelOf(frozen, trained, rest), batch),
        state,
        inputs,
      ),
    model: (frozen, { trained: { adapters, rest } }) =>
      modelOf(frozen, training.layout.unpackTraced(adapters), rest),
    scores: (state) => training.scores(state),
  };
}

/** Hidden width of `places` bottlenecks that have about as many numbers as LoRA of a rank has. */
function hiddenWidth(params: unknown, width: number, rank: number, places: number): number {
  const maps = Object.values(linearArrays(params, inBlocks));
  const numbers = rank * maps.reduce((sum, { w: { shape: [a, b] } }) => sum + a + b, 0);
  return Math.max(1, Math.round((numbers / places - width) / (2 * width + 1)));
}

/** Linear maps of the blocks: query, key, value, output of attention, and both of the perceptron. */
const inBlocks = (path: string) => path.startsWith("blocks.");

const isAdaptation = (method: TextMethod): method is Adaptation =>
  (ADAPTATIONS as readonly string[]).includes(method);

/**
 * The training of an encoder by a method; r̄ sets the width of bottlenecks too. Adapters stand beside
 * all six maps of each block; the head is trained with them.
 *
 * @param params host arrays of the form of P.
 */
export function methodTrainer<P, H, HostHead>(
  method: TextMethod,
  params: Tree<NdArray>,
  options: MethodTrainerOptions<HostHead>,
): MethodTrainer<P, H, HostHead> {
  const { gamma, scale, width, head, optimizer = adam() } = options;
  const adapters = (seed: number) => stream(seed, "adapters");
  if (isAdaptation(method)) {
    const rank = startingRank(method, options), places = { rank, where: inBlocks };
    if (isLora(method)) {
      const start = (seed: number) => initLora(adapters(seed), params, places);
      return trainerOf<LoraAdapters, P, H, HostHead>({
        training: loraTraining(start(0), optimizer),
        start,
        place: (frozen, lora) => withLora(frozen, lora, scale),
      }, head);
    }
    const start = (seed: number) => initSvdAdapters(adapters(seed), params, places);
    const like = start(0), maps = Object.keys(like).length;
    return trainerOf<SvdAdapters, P, H, HostHead>({
      training: svdTraining(method, like, gamma, optimizer),
      start,
      scores: (seed) => lotsOf(method, maps * rank, seed),
      budget: tripletBudget(method, maps, options),
      place: (frozen, svd) => withSvdAdapters(frozen, svd, scale),
    }, head);
  }
  switch (method) {
    case "full":
      return trainerOf<P, P, H, HostHead>({
        training: adapterTraining({ like: params, optimizer, clip: 1 }),
        start: () => params,
        place: (_, trained) => trained as Replaced<P>,
      }, head);
    case "bitfit": {
      const like = biasesOf(params);
      return trainerOf<Biases, P, H, HostHead>({
        training: adapterTraining({ like, optimizer, clip: 1 }),
        start: () => like,
        place: (frozen, biases) => withBiases(frozen, biases) as Replaced<P>,
      }, head);
    }
    case "houlsby":
    case "pfeiffer": {
      const where = BOTTLENECK_PLACES[method];
      const count = Object.keys(linearArrays(params, where)).length;
      const places = { hidden: hiddenWidth(params, width, options.rank, count), where };
      const start = (seed: number) => initBottlenecks(adapters(seed), params, places);
      return trainerOf<BottleneckAdapters, P, H, HostHead>({
        training: adapterTraining({ like: start(0), optimizer, clip: 1 }),
        start,
        place: withBottlenecks,
      }, head);
    }
    case "head":
      return headTrainer(head as (seed: number) => HostHead & Tree<NdArray>, optimizer);
  }
}

/** The encoder as it is; the head lies where others have adapters. */
function headTrainer<P, H, HostHead extends Tree<NdArray>>(
  head: (seed: number) => HostHead,
  optimizer: Optimizer,
): MethodTrainer<P, H, HostHead> {
  const training = adapterTraining<H, Rest<H>>({ like: head(0), optimizer, clip: 1 });
  const { layout } = training;
  return {
    layout,
    budget: null,
    begin: (seed) => training.init(head(seed), {}),
    run: (loss, frozen, state, inputs) =>
      training.run(
        (head, _, batch: typeof inputs.batch) =>
          loss({ encoder: frozen as Replaced<P>, head }, batch),
        state,
        inputs,
      ),
    model: (frozen, { trained }) => ({
      encoder: frozen as Replaced<P>,
      head: layout.unpackTraced(trained.adapters),
    }),
    scores: (state) => training.scores(state),
  };
}
