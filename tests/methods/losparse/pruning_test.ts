// Pruning of rows: planted rows are found, random ones are not, scores that tie are reported.

import assert from "node:assert/strict";
import {
  assertRealised,
  type BudgetPlan,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
  type Ranking,
} from "../../../methods/budget/mod.ts";
import {
  compact,
  distillationLoss,
  losparsePlan,
  type LosparseTrained,
  losparseTraining,
  remainingEntries,
  residualsOf,
  rowGroups,
  splitLinears,
  withLowRanks,
} from "../../../methods/losparse/mod.ts";
import { linear, linearArrays, type LinearParams } from "../../../methods/nn/mod.ts";
import { adam } from "../../../methods/optim/mod.ts";
import {
  fromNested,
  fromNumbers,
  type Host,
  meanSquaredError,
  type NdArray,
  ndarray,
  type Tensor,
  toNumbers,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { evaluate } from "../tensor/harness.ts";

const INPUTS = 8, OUTPUTS = 20, STEPS = 120, BATCH = 24, STRONG = [2, 3, 11, 17], RATIO = 0.25;

type Net<M = LinearParams> = { map: M };
/** A product of rank 1, beside it four strong output neurons, and a little noise. */
const weights = (() => {
  const a = stream(1, "a").normal([INPUTS]).data, b = stream(1, "b").normal([OUTPUTS]).data;
  const strong = stream(1, "strong").normal([INPUTS, OUTPUTS], { std: 0.9 }).data;
  const noise = stream(1, "noise").normal([INPUTS, OUTPUTS], { std: 0.03 }).data;
  const data = Float32Array.from(noise as Float32Array, (x, k) => {
    const row = Math.floor(k / OUTPUTS), column = k % OUTPUTS;
    const own = STRONG.includes(column) ? Number(strong[k]) : 0;
    return x + Number(a[row]) * Number(b[column]) + own;
  });
  return ndarray(data, [INPUTS, OUTPUTS]);
})();
const net: Net<LinearParams<NdArray>> = { map: { w: weights, b: zeros([OUTPUTS]) } };

/** What is learnt: the same map, moved a little. (Towards itself there would be nothing to rank by.) */
const moved: typeof net = {
  map: {
    w: ndarray(
      Float32Array.from(
        stream(1, "moved").normal([INPUTS, OUTPUTS], { std: 0.02 }).data as Float32Array,
        (x, k) => x + Number(weights.data[k]),
      ),
      [INPUTS, OUTPUTS],
    ),
    b: net.map.b,
  },
};

type Batch = { x: Tensor };
type State = PrunedTrainingState<LosparseTrained<Net>>;
const plan: BudgetPlan = losparsePlan({
  entries: INPUTS * OUTPUTS,
  final: STRONG.length / OUTPUTS,
  warmup: 10,
  cooldown: 60,
  steps: STEPS,
  every: 5,
});
const inputs = {
  batch: { x: stream(2, "x").normal([STEPS, BATCH, INPUTS]) },
  lr: ndarray(new Float32Array(STEPS).fill(0.01)),
  plan,
};

interface Outcome {
  kept: number[];
  loss: number;
  ties: number;
  trained: LosparseTrained<Net<LinearParams<NdArray>>, NdArray>;
}

/** Trains towards the outputs of `target`. */
async function prune(
  { ranking, scores, lowRank = true, target = moved }: {
    ranking?: Ranking;
    scores?: NdArray;
    lowRank?: boolean;
    target?: typeof net;
  },
): Promise<Outcome> {
  const start = lowRank ? splitLinears(net, { ratio: RATIO }) : { params: net, lowRanks: {} };
  const residuals = residualsOf<NdArray>(start.params, ["map"]);
  const training = losparseTraining<Net>({
    residuals,
    optimizer: adam(),
    every: 5,
    ranking,
  });
  const f = (wanted: Net, state: State, inputs: PrunedTrainingInputs<Batch>) =>
    training.run(
      {
        loss: ({ params, lowRanks }, { x }) =>
          meanSquaredError(linear(withLowRanks(params, lowRanks).map, x), linear(wanted.map, x)),
      },
      state,
      inputs,
    );
  const state: Host<State> = training.init(start, { scores });
  const [next, trace] = await evaluate(f, [target, state, inputs]);
  const { sizes, count } = rowGroups(residuals);
  const { ties, units } = assertRealised(plan, trace.pruning!, { count, sizes });
  assert.equal(units, INPUTS * STRONG.length);
  const w = next.trained.params.map.w;
  const kept = Array.from({ length: OUTPUTS }, (_, j) => j).filter((j) =>
    Array.from({ length: INPUTS }, (_, i) => Number(w.data[i * OUTPUTS + j])).some((v) => v !== 0)
  );
  return { kept, loss: Number(trace.loss.data[STEPS - 1]), ties, trained: next.trained };
}

Deno.test("LoSparse keeps the strong neurons in S and beats pruning alone at four rows", async () => {
  const losparse = await prune({});
  assert.deepEqual(losparse.kept, STRONG);
  assert.ok(losparse.loss < 0.02, `${losparse.loss}`);
  const itp = await prune({ lowRank: false });
  assert.equal(itp.kept.length, STRONG.length);
  assert.ok(itp.loss > 10 * losparse.loss, `${itp.loss} ${losparse.loss}`);
});

Deno.test("random rows fail, and movement pruning keeps as many as the budget says", async () => {
  const random = fromNumbers(stream(3, "rows").uniform([OUTPUTS]).data as Float32Array, [OUTPUTS]);
  const wrong = await prune({ ranking: { by: "given" }, scores: random });
  assert.notDeepEqual(wrong.kept, STRONG);
  assert.ok(wrong.loss > 0.1, `${wrong.loss}`);
  const movement = await prune({ ranking: { by: "movement" } });
  assert.equal(movement.kept.length, STRONG.length);
});

Deno.test("a target that is the network itself ties all scores, and the report says so", async () => {
  assert.equal((await prune({ lowRank: false })).ties, 0);
  assert.ok((await prune({ lowRank: false, target: net })).ties > 0);
  // Rows decided by their index alone, at every ranking.
  const { kept, ties } = await prune({ ranking: { by: "given" }, scores: zeros([OUTPUTS]) });
  assert.deepEqual(kept, [0, 1, 2, 3]);
  assert.equal(ties, toNumbers(plan.rank).reduce((a, b) => a + b));
});

Deno.test("what remains is counted as stored", async () => {
  const { trained } = await prune({});
  const left = remainingEntries(compact(trained.params, trained.lowRanks), linearArrays(net));
  // Rank ⌈0.25·160/28⌉ = 2.
  assert.deepEqual(left, { dense: 160, lowRank: 56, sparse: 32, ratio: 88 / 160 });
});

Deno.test("the distillation loss is the sum of its terms, by hand", async () => {
  const logits = fromNested([[1, 0]]), teacher = fromNested([[0, 2]]);
  const f = (a: Tensor, b: Tensor, h: Tensor, k: Tensor, y: Tensor) =>
    distillationLoss({ logits: a, hidden: [h, h] }, { logits: b, hidden: [k, h] }, y, {
      output: 0.5,
      layers: 3,
    });
  const h = fromNested([[1, 2]]), k = fromNested([[0, 4]]);
  const found = await evaluate(f, [logits, teacher, h, k, ndarray(Int32Array.of(0))]);
  const softmax = (x: number[]) => {
    const e = x.map(Math.exp), sum = e.reduce((a, b) => a + b);
    return e.map((v) => v / sum);
  };
  const p = softmax([0, 1]), q = softmax([0.5, 0]);
  const divergence = p.reduce((sum, v, i) => sum + v * Math.log(v / q[i]), 0);
  const expected = -Math.log(softmax([1, 0])[0]) + 0.5 * 4 * divergence + 3 * (1 + 4) / 2;
  assert.ok(Math.abs(Number(found.data[0]) - expected) < 1e-5);
});
