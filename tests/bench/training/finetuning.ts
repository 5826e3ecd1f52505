// Fine-tuning of a MiniLM-sized encoder: LoRA and AdaLoRA beside frozen weights, LoSparse with all weights moving.

import {
  adaloraTraining,
  adapterScale,
  type AdapterTrained,
  adapterTraining,
  initLora,
  initSvdAdapters,
  type LoraAdapters,
  type SvdAdapters,
  withLora,
  withSvdAdapters,
} from "../../../methods/adalora/mod.ts";
import {
  type BudgetPlan,
  budgetPlan,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
} from "../../../methods/budget/mod.ts";
import {
  losparsePlan,
  type LosparseTrained,
  losparseTraining,
  residualsOf,
  rowGroups,
  splitLinears,
  withLowRanks,
} from "../../../methods/losparse/mod.ts";
import {
  bert,
  type BertParams,
  type Linear,
  linear,
  type LinearParams,
  linearPaths,
  meanPool,
} from "../../../methods/nn/mod.ts";
import { adam, learningRates } from "../../../methods/optim/mod.ts";
import {
  compile,
  constant,
  crossEntropy,
  type NdArray,
  ndarray,
  ones,
  type Program,
  type Tensor,
  treeMap,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { stackArrays } from "../../methods/nn/reference.ts";
import { countParameters, SEED, timed, type TrainingCase } from "./case.ts";

const config = {
  vocab: 30522,
  width: 384,
  layers: 6,
  heads: 12,
  hidden: 1536,
  positions: 512,
  types: 2,
};
const BATCH = 16, LENGTH = 64, CLASSES = 2, RANK = 8, LR = 1e-4;
/** Steps of the budget's schedule, of which the benchmark takes the first: free, then falling. */
const schedule = { steps: 1000, warmup: 2, cooldown: 300, every: 10 };

type Head<L = Tensor> = { head: LinearParams<L> };
type Batch<L = Tensor> = { ids: L; mask: L; labels: L };
type Encoder<L = Tensor> = BertParams<L>;

/** Weights of standard deviation 0.02, biases 0, norms 1; the draws of peer_finetuning.py. */
function drawEncoder(): Encoder<NdArray> {
  const s = stream(SEED, "bench", "bert");
  const draw = (name: string, shape: number[]) => s.child(name).normal(shape, { std: 0.02 });
  const { width, hidden } = config;
  const map = (name: string, inputs: number, outputs: number): LinearParams<NdArray> => ({
    w: draw(name, [inputs, outputs]),
    b: zeros([outputs]),
  });
  const norm = () => ({ scale: ones([width]), bias: zeros([width]) });
  return {
    embeddings: {
      token: draw("token", [config.vocab, width]),
      position: draw("position", [config.positions, width]),
      type: draw("type", [config.types, width]),
      norm: norm(),
    },
    blocks: Array.from({ length: config.layers }, (_, i) => ({
      attention: {
        query: map(`${i}.query`, width, width),
        key: map(`${i}.key`, width, width),
        value: map(`${i}.value`, width, width),
        out: map(`${i}.out`, width, width),
      },
      norm1: norm(),
      mlp: { up: map(`${i}.up`, width, hidden), down: map(`${i}.down`, hidden, width) },
      norm2: norm(),
    })),
  };
}

/** Mean pooling and a linear head, as sentence encoders are fine-tuned. */
function classify(
  encoder: BertParams<Tensor, Linear>,
  { head }: Head,
  { ids, mask, labels }: Batch,
) {
  const pooled = meanPool(bert(config, encoder, { ids, mask }).last, mask);
  return crossEntropy(linear(head, pooled), labels);
}

const head: Head<NdArray> = {
  head: {
    w: stream(SEED, "bench", "head").normal([config.width, CLASSES], { std: 0.02 }),
    b: zeros([CLASSES]),
  },
};

/** Batches of uniform ids and labels, a quarter of the sequences padded from the middle on; taken in turns. */
function batchesFrom(steps: number): (first: number) => Batch<NdArray> {
  const batches = Array.from({ length: 4 }, (_, i) => {
    const s = stream(SEED, "bench", "texts", i);
    const kept = new Int32Array(BATCH * LENGTH).fill(1);
    for (let row = 0; row < BATCH; row += 4) {
      kept.fill(0, row * LENGTH + LENGTH / 2, (row + 1) * LENGTH);
    }
    return {
      ids: s.child("ids").integers(0, config.vocab, [BATCH, LENGTH]),
      mask: ndarray(kept, [BATCH, LENGTH]),
      labels: s.child("labels").integers(0, CLASSES, [BATCH]),
    };
  });
  return (first) => {
    const chosen = Array.from({ length: steps }, (_, i) => batches[(first + i) % 4]);
    return {
      ids: stackArrays(chosen.map(({ ids }) => ids)),
      mask: stackArrays(chosen.map(({ mask }) => mask)),
      labels: stackArrays(chosen.map(({ labels }) => labels)),
    };
  };
}

/** A case of a training loop `run(state, inputs)`, with the plan of a budget if there is one. */
function caseOf<S>(
  steps: number,
  state: unknown,
  run: (state: S, inputs: PrunedTrainingInputs<Batch>) => unknown,
  parameters: number,
  plan?: (first: number) => BudgetPlan,
): TrainingCase {
  const batches = batchesFrom(steps);
  const inputs = (first: number) => ({
    batch: batches(first),
    lr: learningRates(() => LR, 0, steps),
    ...(plan ? { plan: plan(first) } : {}),
  });
  const [program, compileSeconds] = timed(() =>
    compile(run, [state, inputs(0)] as never, { name: "train" })
  );
  return {
    program: program as unknown as Program<never[], unknown>,
    state,
    inputs,
    loss: (trace) => Number((trace as { loss: NdArray }).loss.data.at(-1)),
    parameters,
    compileSeconds,
  };
}

/** Frozen weights are constants of the program: ONNX Runtime then packs them for its products once. */
const frozen = (encoder: Encoder<NdArray>): Encoder =>
  treeMap<Encoder<NdArray>, Encoder>((leaf) => constant(leaf as NdArray), encoder);

const isMap = (path: string) => path.startsWith("blocks.");

/** LoRA of rank 8 on all six maps of each block, and a head. */
export function lora(steps: number): TrainingCase {
  const encoder = drawEncoder();
  const adapters = initLora(stream(SEED, "bench", "lora"), encoder, { rank: RANK, where: isMap });
  const training = adapterTraining<LoraAdapters, Head>({
    like: adapters,
    optimizer: adam(),
    clip: 1,
  });
  return caseOf<PrunedTrainingState<AdapterTrained<Head>>>(
    steps,
    training.init(adapters, head),
    (state, inputs) =>
      training.run(
        (a, h, batch: Batch) => classify(withLora(frozen(encoder), a, 2), h, batch),
        state,
        inputs,
      ),
    countParameters(adapters) + countParameters(head),
  );
}

/** AdaLoRA from rank 12 to a mean rank of 8, ranked every 10 steps. */
export function adalora(steps: number): TrainingCase {
  const encoder = drawEncoder(), rank = 1.5 * RANK;
  const adapters = initSvdAdapters(stream(SEED, "bench", "svd"), encoder, { rank, where: isMap });
  const training = adaloraTraining<Head>({ like: adapters, optimizer: adam() });
  const maps = Object.keys(adapters).length;
  const scale = adapterScale(2 * rank, rank);
  return caseOf<PrunedTrainingState<AdapterTrained<Head>>>(
    steps,
    training.init(adapters, head),
    (state, inputs) =>
      training.run(
        (a: SvdAdapters, h, batch: Batch) =>
          classify(withSvdAdapters(frozen(encoder), a, scale), h, batch),
        state,
        inputs,
      ),
    countParameters(adapters) + countParameters(head),
    (first) =>
      budgetPlan(
        { ...schedule, initial: maps * rank, final: maps * RANK, cooldownMask: "frozen" },
        { first, count: steps },
      ),
  );
}

/** LoSparse: 5 % low rank, residuals to 15 %, ranked every 10 steps; the embeddings are trained too. */
export function losparse(steps: number): TrainingCase {
  const encoder = drawEncoder();
  // A random start instead of the decomposition, which takes no part in the time of a step.
  const { params, lowRanks: zero } = splitLinears(encoder, {
    ratio: 0.05,
    where: isMap,
    init: "zeros",
  });
  const s = stream(SEED, "bench", "lowRanks");
  const lowRanks = Object.fromEntries(
    Object.entries(zero).map(([path, { left, right }]) => [path, {
      left: s.child(path, "left").normal(left.shape, { std: 0.02 }),
      right: s.child(path, "right").normal(right.shape, { std: 0.02 }),
    }]),
  );
  type Trained<L = Tensor> = { encoder: Encoder<L> } & Head<L>;
  const paths = linearPaths(params).filter(isMap).map((path) => `encoder.${path}`);
  const residuals = residualsOf<NdArray>({ encoder: params, ...head }, paths);
  const training = losparseTraining<Trained>({
    residuals,
    optimizer: adam({ decay: "decoupled" }),
    every: schedule.every,
  });
  const start = { params: { encoder: params, ...head }, lowRanks };
  return caseOf<PrunedTrainingState<LosparseTrained<Trained>>>(
    steps,
    training.init(start),
    (state, inputs) =>
      training.run(
        {
          loss: ({ params: { encoder, head }, lowRanks }, batch: Batch) =>
            classify(withLowRanks(encoder, lowRanks, { form: "joined" }), { head }, batch),
        },
        state,
        inputs,
      ),
    countParameters(start),
    (first) =>
      losparsePlan(
        { ...schedule, entries: rowGroups(residuals).entries, final: 0.15 },
        { first, count: steps },
      ),
  );
}
