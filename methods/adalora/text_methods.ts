// Ways to fine-tune an encoder with a classification head: what is trained, and how it stands in the model.

import type { NdArray, Tensor, Tree } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam, type Layout } from "../optim/mod.ts";
import type {
  PrunedTrainingInputs,
  PrunedTrainingState,
  PrunedTrainingTrace,
} from "../budget/mod.ts";
import {
  type BertParams,
  type ClassifierHead,
  type Encoder,
  initClassifier,
  type LabelledBatch,
  type Linear,
  linearArrays,
} from "../nn/mod.ts";
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
 * What is compared on text: the methods of the planted study, and the rivals of the paper's Table 1.
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

/** What a text is classified with; maps may be functions. */
export interface TextModel {
  encoder: BertParams<Tensor, Linear>;
  head: ClassifierHead;
}

/** Head beside the adapters; absent where the head is all that is trained. */
export type Rest<L = Tensor> = { head?: ClassifierHead<L> };

/** What a run carries. */
export type TextState<L = Tensor> = PrunedTrainingState<AdapterTrained<Rest<L>, L>, L>;

/** One method on one encoder. */
export interface TextTrainer {
  /** Where what is trained beside the head lies in its vector. */
  readonly layout: Layout;
  /** The state before the first step. */
  begin(seed: number): TextState<NdArray>;
  /** As many steps as the inputs hold. */
  run(
    loss: (model: TextModel, batch: LabelledBatch) => Tensor,
    frozen: BertParams,
    state: TextState,
    inputs: PrunedTrainingInputs<LabelledBatch>,
  ): [TextState, PrunedTrainingTrace];
  model(frozen: BertParams, state: TextState): TextModel;
  /** Triplets at the start and at the end; null where nothing is pruned. */
  readonly budget: { readonly initial: number; readonly final: number } | null;
  /** Scores of triplets [N]. @throws TypeError where nothing is pruned */
  scores(state: TextState): Tensor;
}

/** Settings of {@link textTrainer}. */
export interface TextTrainerOptions extends Allocation {
  classes: number;
  /** γ, of the methods with the penalty. */
  gamma: number;
  /** Factor on ΔW. */
  scale: number;
}

interface Kind<A> {
  training: AdapterTraining<A, Rest>;
  /** What is trained, as it begins. */
  start(seed: number): Tree<NdArray>;
  scores?(seed: number): { scores?: NdArray };
  budget?: TextTrainer["budget"];
  place(frozen: BertParams, trained: A): BertParams<Tensor, Linear>;
}

function trainerOf<A>(
  { training, start, scores, place, budget = null }: Kind<A>,
  head: (seed: number) => ClassifierHead<NdArray>,
): TextTrainer {
  const modelOf = (frozen: BertParams, trained: A, { head }: Rest): TextModel => ({
    encoder: place(frozen, trained),
    head: head!,
  });
  return {
    layout: training.layout,
    budget,
    begin: (seed) => training.init(start(seed), { head: head(seed) }, scores?.(seed)),
    run: (loss, frozen, state, inputs) =>
      training.run(
        (trained, rest, batch: LabelledBatch) => loss(modelOf(frozen, trained, rest), batch),
        state,
        inputs,
      ),
    model: (frozen, { trained: { adapters, rest } }) =>
      modelOf(frozen, training.layout.unpackTraced(adapters), rest),
    scores: (state) => training.scores(state),
  };
}

/** Hidden width of `places` bottlenecks that have about as many numbers as LoRA of a rank has. */
function hiddenWidth(params: BertParams<NdArray>, rank: number, places: number): number {
  const maps = Object.values(linearArrays(params, inBlocks));
  const numbers = rank * maps.reduce((sum, { w: { shape: [a, b] } }) => sum + a + b, 0);
  const width = params.embeddings.token.shape[1];
  return Math.max(1, Math.round((numbers / places - width) / (2 * width + 1)));
}

/** Linear maps of the blocks: query, key, value, output of attention, and both of the perceptron. */
const inBlocks = (path: string) => path.startsWith("blocks.");

const isAdaptation = (method: TextMethod): method is Adaptation =>
  (ADAPTATIONS as readonly string[]).includes(method);

/**
 * The training of an encoder by a method; r̄ sets the width of bottlenecks too. Adapters stand beside
 * all six maps of each block; a head of the given classes is trained with them.
 */
export function textTrainer(
  method: TextMethod,
  { params }: Encoder,
  options: TextTrainerOptions,
): TextTrainer {
  const { gamma, scale, classes } = options, optimizer = adam();
  const width = params.embeddings.token.shape[1];
  const head = (seed: number) => initClassifier(stream(seed, "head"), width, classes);
  const adapters = (seed: number) => stream(seed, "adapters");
  if (isAdaptation(method)) {
    const rank = startingRank(method, options), places = { rank, where: inBlocks };
    if (isLora(method)) {
      const start = (seed: number) => initLora(adapters(seed), params, places);
      return trainerOf<LoraAdapters>({
        training: loraTraining(start(0)),
        start,
        place: (frozen, lora) => withLora(frozen, lora, scale),
      }, head);
    }
    const start = (seed: number) => initSvdAdapters(adapters(seed), params, places);
    const like = start(0), maps = Object.keys(like).length;
    return trainerOf<SvdAdapters>({
      training: svdTraining(method, like, gamma),
      start,
      scores: (seed) => lotsOf(method, maps * rank, seed),
      budget: tripletBudget(method, maps, options),
      place: (frozen, svd) => withSvdAdapters(frozen, svd, scale),
    }, head);
  }
  switch (method) {
    case "full":
      return trainerOf<BertParams>({
        training: adapterTraining({ like: params, optimizer, clip: 1 }),
        start: () => params,
        place: (_, trained) => trained,
      }, head);
    case "bitfit": {
      const like = biasesOf(params);
      return trainerOf<Biases>({
        training: adapterTraining({ like, optimizer, clip: 1 }),
        start: () => like,
        place: withBiases,
      }, head);
    }
    case "houlsby":
    case "pfeiffer": {
      const where = BOTTLENECK_PLACES[method];
      const count = Object.keys(linearArrays(params, where)).length;
      const places = { hidden: hiddenWidth(params, options.rank, count), where };
      const start = (seed: number) => initBottlenecks(adapters(seed), params, places);
      return trainerOf<BottleneckAdapters>({
        training: adapterTraining({ like: start(0), optimizer, clip: 1 }),
        start,
        place: withBottlenecks,
      }, head);
    }
    case "head":
      return headTrainer(head);
  }
}

/** The encoder as it is; the head lies where others have adapters. */
function headTrainer(head: (seed: number) => ClassifierHead<NdArray>): TextTrainer {
  const training = adapterTraining<ClassifierHead, Rest>({
    like: head(0),
    optimizer: adam(),
    clip: 1,
  });
  const { layout } = training;
  return {
    layout,
    budget: null,
    begin: (seed) => training.init(head(seed), {}),
    run: (loss, encoder, state, inputs) =>
      training.run(
        (head, _, batch: LabelledBatch) => loss({ encoder, head }, batch),
        state,
        inputs,
      ),
    model: (encoder, { trained }) => ({ encoder, head: layout.unpackTraced(trained.adapters) }),
    scores: (state) => training.scores(state),
  };
}
