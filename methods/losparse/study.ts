// One compression method on many replicates at once: split, train, measure.

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
import { adam, learningRates, polynomialRate } from "../optim/mod.ts";
import {
  assertRealised,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
  type PrunerTrace,
  type Realised,
  replicateOf,
  stackTrees,
} from "../budget/mod.ts";
import { type LinearParams, linearPaths } from "../nn/mod.ts";
import { type PlantedTask, type ResidualNet, residualNet } from "./planted.ts";
import { residualsOf, rowGroups } from "./rows.ts";
import { splitLinears, withLowRanks } from "./split.ts";
import { losparsePlan, type LosparseTrained, losparseTraining } from "./training.ts";

/**
 * What is compared. `itp` prunes rows of W itself; `movement` too, by movement pruning's score;
 * `random_rows` is LoSparse with rows chosen by lot; `dense` compresses nothing.
 */
export const METHODS = ["losparse", "low_rank", "itp", "movement", "random_rows", "dense"] as const;
export type Method = typeof METHODS[number];

/** A budget in ranks: one rank of all matrices costs what L and R of rank 1 have in entries. */
export interface RankBudget {
  /** Budget of all methods; what low rank alone spends. */
  rank: number;
  /** Of which LoSparse spends on its low-rank part. */
  lowRank: number;
}

/** How a method is trained. */
export interface StudyTraining {
  steps: number;
  batch: number;
  /** Learning rate at step 0; it falls to 0 in a straight line. */
  lr: number;
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
}

/** What a replicate came to. */
export interface StudyOutcome {
  /** Squared error on held-out inputs over what zero weights would leave. */
  error: number;
  /** Entries that remain over entries of all matrices. */
  ratio: number;
  /** Share of rankings that ties decided; 0 without pruning. */
  ties: number;
}

type Trained = LosparseTrained<ResidualNet>;
type State = PrunedTrainingState<Trained>;
type Batch = { rows: Tensor };
type Data<L = Tensor> = { x: L; y: L; testX: L; testY: L };

/** The split of a network for a method; ρ is such that ⌈ρ·in·out/(in + out)⌉ is the rank meant. */
function start(
  method: Method,
  net: ResidualNet<LinearParams<NdArray>>,
  { rank, lowRank }: RankBudget,
) {
  const [inputs, outputs] = net.blocks[0].up.w.shape;
  const ratio = (rank: number) => (rank - 0.5) * (inputs + outputs) / (inputs * outputs);
  switch (method) {
    case "losparse":
    case "random_rows":
      return splitLinears(net, { ratio: ratio(lowRank) });
    case "low_rank":
      return splitLinears(net, { ratio: ratio(rank), residual: "dropped" });
    default:
      return { params: net, lowRanks: {} };
  }
}

/**
 * Trains and measures one method on all tasks in one program, mapped over replicates. All methods see
 * the same batches in the same order.
 *
 * @param seeds of the tasks, for the rows that are chosen by lot.
 * @throws BudgetError when a budget is not realised.
 */
export async function runMethod(
  method: Method,
  tasks: readonly [PlantedTask, ...PlantedTask[]],
  seeds: readonly number[],
  budget: RankBudget,
  { steps, batch, lr, warmup, cooldown, every }: StudyTraining,
  { provider, threads }: { provider: Provider; threads: number },
): Promise<StudyOutcome[]> {
  const starts = tasks.map(({ net }) => start(method, net, budget));
  const paths = linearPaths(tasks[0].net);
  const dense = rowGroups(residualsOf<NdArray>(tasks[0].net, paths));
  const oneRank = paths.length * tasks[0].net.blocks[0].up.w.shape.reduce((a, b) => a + b);
  const lowRank = Object.values(starts[0].lowRanks).flatMap((part) => Object.values(part))
    .reduce((sum, { data }) => sum + data.length, 0);
  const prunes = method !== "dense" && method !== "low_rank";
  const residuals = prunes ? residualsOf<NdArray>(starts[0].params, paths) : undefined;
  const training = losparseTraining<ResidualNet>({
    residuals,
    optimizer: adam(),
    every,
    ranking: method === "random_rows"
      ? { by: "given" }
      : method === "movement"
      ? { by: "movement" }
      : undefined,
  });
  const share = (budget.rank * oneRank - lowRank) / dense.entries;
  const plan = prunes
    ? losparsePlan({ entries: dense.entries, final: share, warmup, cooldown, steps, every })
    : undefined;
  const lots = (seed: number) => stream(seed, "losparse", "rows").uniform([dense.count]);
  const [firstState, ...otherStates] = starts.map((split, i) =>
    training.init(split, method === "random_rows" ? { scores: lots(seeds[i]) } : {})
  );
  const state = stackTrees([firstState, ...otherStates]);
  const order = stream(0, "losparse", "batches").integers(0, tasks[0].x.shape[0], [steps, batch]);
  const inputs = {
    batch: { rows: order },
    lr: learningRates(polynomialRate(lr, steps), 0, steps),
    ...(plan ? { plan } : {}),
  };
  const dataOf = ({ x, y, testX, testY }: PlantedTask): Data<NdArray> => ({ x, y, testX, testY });
  const [first, ...rest] = tasks;
  const data = stackTrees([dataOf(first), ...rest.map(dataOf)]);

  const predict = ({ params, lowRanks }: Trained, x: Tensor) =>
    residualNet(withLowRanks(params, lowRanks), x);
  const one = (state: State, { x, y, testX, testY }: Data, inputs: PrunedTrainingInputs<Batch>) => {
    const loss = (trained: Trained, { rows }: Batch) =>
      meanSquaredError(predict(trained, take(x, rows)), take(y, rows));
    const [next, trace] = training.run({ loss }, state, inputs);
    const error = mean(square(sub(predict(next.trained, testX), testY)));
    return { error, ...(trace.pruning ? { pruning: trace.pruning } : {}) };
  };
  const all = (states: State, data: Data, inputs: PrunedTrainingInputs<Batch>) =>
    vmap((s: State, d: Data) => one(s, d, inputs))(states, data);
  const program = compile(all, [state, data, inputs], { name: `losparse ${method}` });
  const executable = await load(program, { provider, threads, finite: true });
  const results = await executable.run(state, data, inputs);
  await executable.dispose();
  return tasks.map((task, i) => {
    const error = Number(results.error.data[i]) / task.variance;
    if (!plan || !results.pruning) {
      const entries = method === "dense" ? dense.entries : lowRank;
      return { error, ratio: entries / dense.entries, ties: 0 };
    }
    const trace: PrunerTrace<NdArray> = replicateOf(results.pruning, i);
    const realised: Realised = assertRealised(plan, trace, dense);
    return {
      error,
      ratio: (lowRank + realised.units) / dense.entries,
      ties: realised.ties / realised.rankings,
    };
  });
}
