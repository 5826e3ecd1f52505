// One adaptation method on many replicates at once: train, prune, measure.

import {
  compile,
  load,
  mean,
  meanSquaredError,
  type NdArray,
  type Provider,
  square,
  sub,
  take,
  type Tensor,
  vmap,
} from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { learningRates, polynomialRate } from "../optim/mod.ts";
import {
  assertRealised,
  budgetPlan,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
  replicateOf,
  stackTrees,
} from "../budget/mod.ts";
import type { Linear, LinearParams } from "../nn/mod.ts";
import { initLora, type LoraAdapters, withLora } from "./doublets.ts";
import { ranksOf } from "./merge.ts";
import { type AdaptationTask, type AdaptedNet, adaptedNet } from "./planted.ts";
import type { AdapterTrained, AdapterTraining } from "./training.ts";
import { initSvdAdapters, type SvdAdapters, withSvdAdapters } from "./triplets.ts";
import {
  type Adaptation,
  type Allocation,
  isLora,
  loraTraining,
  lotsOf,
  startingRank,
  svdTraining,
  tripletBudget,
} from "./variants.ts";

/** How a method is trained. */
export interface AdaptationTraining {
  steps: number;
  batch: number;
  /** Learning rate at step 0; it falls to 0 in a straight line. */
  lr: number;
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
  /** γ. */
  gamma: number;
  /** Factor on ΔW at the start, of every method alike. */
  scale: number;
}

/** What a replicate came to. */
export interface AdaptationOutcome {
  /** Squared error on held-out inputs over that of the frozen network. */
  error: number;
  /** Share of the ranks that are left in maps that need one; 1 or the share of maps without pruning. */
  found: number;
}

type Nothing = { [name: string]: never };
type State = PrunedTrainingState<AdapterTrained<Nothing>>;
type HostState = PrunedTrainingState<AdapterTrained<Nothing, NdArray>, NdArray>;
type Batch = { rows: Tensor };
type Data<L = Tensor> = { net: AdaptedNet<LinearParams<L>>; x: L; y: L; testX: L; testY: L };
type Inputs = PrunedTrainingInputs<Batch>;

/** Adapters of one kind: how they train, begin, and stand in the network. */
interface Kind<A> {
  training: AdapterTraining<A, Nothing>;
  state(task: AdaptationTask, seed: number): HostState;
  adapted(net: AdaptedNet, adapters: A): AdaptedNet<Linear>;
}

function svdKind(
  method: Adaptation,
  like: SvdAdapters<NdArray>,
  rank: number,
  { gamma, scale }: AdaptationTraining,
): Kind<SvdAdapters> {
  const training = svdTraining<Nothing>(method, like, gamma);
  const count = Object.keys(like).length * rank;
  return {
    training,
    state: (task, seed) =>
      training.init(
        initSvdAdapters(stream(seed, "adapters"), task.net, { rank }),
        {},
        lotsOf(method, count, seed),
      ),
    adapted: (net, adapters) => withSvdAdapters(net, adapters, scale),
  };
}

function loraKind(like: LoraAdapters<NdArray>, rank: number, scale: number): Kind<LoraAdapters> {
  const training = loraTraining<Nothing>(like);
  return {
    training,
    state: (task, seed) =>
      training.init(initLora(stream(seed, "adapters"), task.net, { rank }), {}),
    adapted: (net, adapters) => withLora(net, adapters, scale),
  };
}

/**
 * Trains and measures one method on all tasks in one program, mapped over replicates. All methods see
 * the same batches in the same order.
 *
 * @throws BudgetError when a budget is not realised.
 */
export function runAdaptation(
  method: Adaptation,
  tasks: readonly [AdaptationTask, ...AdaptationTask[]],
  seeds: readonly number[],
  allocation: Allocation,
  settings: AdaptationTraining,
  place: { provider: Provider; threads: number },
): Promise<AdaptationOutcome[]> {
  const [{ net }] = tasks;
  const rank = startingRank(method, allocation);
  if (isLora(method)) {
    const like = initLora(stream(0), net, { rank });
    return runKind(loraKind(like, rank, settings.scale), null, tasks, seeds, settings, place);
  }
  const like = initSvdAdapters(stream(0), net, { rank });
  const budget = tripletBudget(method, Object.keys(like).length, allocation);
  return runKind(svdKind(method, like, rank, settings), budget, tasks, seeds, settings, place);
}

async function runKind<A>(
  { training, state, adapted }: Kind<A>,
  budget: { initial: number; final: number } | null,
  tasks: readonly [AdaptationTask, ...AdaptationTask[]],
  seeds: readonly number[],
  { steps, batch, lr, warmup, cooldown, every }: AdaptationTraining,
  { provider, threads }: { provider: Provider; threads: number },
): Promise<AdaptationOutcome[]> {
  const plan = budget &&
    budgetPlan({ ...budget, warmup, cooldown, steps, every, cooldownMask: "frozen" });
  const rows = stream(0, "adalora", "batches").integers(0, tasks[0].x.shape[0], [steps, batch]);
  const inputs = {
    batch: { rows },
    lr: learningRates(polynomialRate(lr, steps), 0, steps),
    ...(plan ? { plan } : {}),
  };
  const dataOf = ({ net, x, y, testX, testY }: AdaptationTask): Data<NdArray> => ({
    net,
    x,
    y,
    testX,
    testY,
  });
  const [first, ...rest] = tasks;
  const data = stackTrees([dataOf(first), ...rest.map(dataOf)]);
  const [start, ...starts] = tasks.map((task, i) => state(task, seeds[i]));
  const states = stackTrees([start, ...starts]);

  const one = (state: State, { net, x, y, testX, testY }: Data, inputs: Inputs) => {
    const loss = (adapters: A, _: Nothing, { rows }: Batch) =>
      meanSquaredError(adaptedNet(adapted(net, adapters), take(x, rows)), take(y, rows));
    const [next, trace] = training.run(loss, state, inputs);
    const adapters = training.layout.unpackTraced<A>(next.trained.adapters);
    const error = mean(square(sub(adaptedNet(adapted(net, adapters), testX), testY)));
    return { error, adapters: next.trained.adapters, trace };
  };
  const all = (states: State, data: Data, inputs: Inputs) =>
    vmap((s: State, d: Data) => one(s, d, inputs))(states, data);
  const program = compile(all, [states, data, inputs], { name: "adaptation" });
  const executable = await load(program, { provider, threads });
  const results = await executable.run(states, data, inputs);
  await executable.dispose();
  return tasks.map((task, i) => {
    const error = Number(results.error.data[i]) / task.frozenError;
    if (!Number.isFinite(error)) throw new RangeError(`training diverged on seed ${seeds[i]}`);
    if (!plan || !results.trace.pruning) {
      return { error, found: task.needed.length / (2 * task.net.blocks.length) };
    }
    const { kept } = assertRealised(plan, replicateOf(results.trace.pruning, i), {
      count: budget.initial,
    });
    const flat = replicateOf(results.adapters, i);
    const ranks = ranksOf(training.layout.unpack<SvdAdapters<NdArray>>(flat));
    const found = task.needed.reduce((sum, path) => sum + ranks[path], 0) / kept;
    return { error, found };
  });
}
