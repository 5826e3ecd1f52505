// A planted update of rank 2 in one of four maps: AdaLoRA must find it, a wrong ranking must not.

import assert from "node:assert/strict";
import {
  adaloraTraining,
  type AdapterTrained,
  adapterTraining,
  doubletGroups,
  initLora,
  initSvdAdapters,
  type LoraAdapters,
  ranksOf,
  singularValueGroups,
  type SvdAdapters,
  withLora,
  withSvdAdapters,
} from "../../../methods/adalora/mod.ts";
import {
  assertRealised,
  type BudgetPlan,
  budgetPlan,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
  type Ranking,
} from "../../../methods/budget/mod.ts";
import { type Linear, linear, type LinearParams } from "../../../methods/nn/mod.ts";
import { adam, sgd } from "../../../methods/optim/mod.ts";
import {
  concat,
  fromNumbers,
  type Host,
  meanSquaredError,
  type NdArray,
  ndarray,
  split,
  type Tensor,
  toNumbers,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { evaluate } from "../tensor/harness.ts";

const MAPS = 4, WIDTH = 6, RANK = 2, STEPS = 300, BATCH = 16, PLANTED = 1;

type Maps<M = LinearParams> = { maps: M[] };
const frozen: Maps<LinearParams<NdArray>> = {
  maps: Array.from({ length: MAPS }, (_, i) => ({
    w: stream(1, "w", i).normal([WIDTH, WIDTH], { std: 0.4 }),
    b: zeros([WIDTH]),
  })),
};
/** The same maps, one of them moved along two directions, the others a little in all. */
const target: Maps<LinearParams<NdArray>> = {
  maps: frozen.maps.map((map, i) => {
    if (i !== PLANTED) {
      const noise = stream(2, "noise", i).normal([WIDTH, WIDTH], { std: 0.01 }).data;
      const w = Float32Array.from(map.w.data as Float32Array, (x, k) => x + Number(noise[k]));
      return { w: ndarray(w, [WIDTH, WIDTH]), b: map.b };
    }
    const left = stream(2, "left").normal([WIDTH, RANK]);
    const right = stream(2, "right").normal([RANK, WIDTH]);
    const w = Float32Array.from(map.w.data as Float32Array, (x, k) => {
      const row = Math.floor(k / WIDTH), column = k % WIDTH;
      const both = [0, 1].map((r) =>
        Number(left.data[row * RANK + r]) * Number(right.data[r * WIDTH + column])
      );
      return x + 0.5 * (both[0] + both[1]);
    });
    return { w: ndarray(w, [WIDTH, WIDTH]), b: map.b };
  }),
};

/** Each map on its own part of the input, [batch, maps·width]. */
const model = ({ maps }: Maps<Linear>, x: Tensor) =>
  concat(split(x, new Array(MAPS).fill(WIDTH), 1).map((part, i) => linear(maps[i], part)), 1);

type Batch = { x: Tensor };
const plan: BudgetPlan = budgetPlan({
  initial: MAPS * RANK,
  final: 2,
  warmup: 30,
  cooldown: 150,
  steps: STEPS,
  every: 10,
  cooldownMask: "frozen",
});
const inputs = {
  batch: { x: stream(3, "x").normal([STEPS, BATCH, MAPS * WIDTH]) },
  lr: ndarray(new Float32Array(STEPS).fill(0.03)),
  plan,
};
type Frozen = { frozen: Maps; target: Maps };
type Inputs = PrunedTrainingInputs<Batch>;
const nothing = {};
type Nothing = typeof nothing;

interface Outcome {
  ranks: number[];
  loss: number;
  ties: number;
  /** Triplets with λ ≠ 0 after each step. */
  alive: number[];
}

async function adalora(
  ranking?: Ranking,
  options: { scores?: NdArray; magnitude?: boolean; weights?: "before" | "after" } = {},
): Promise<Outcome> {
  const adapters = initSvdAdapters(stream(4), frozen, { rank: RANK });
  const training = adaloraTraining<Nothing>({
    like: adapters,
    optimizer: adam(),
    ranking,
    weights: options.weights,
    groups: options.magnitude ? singularValueGroups(adapters) : undefined,
  });
  const loss = ({ frozen, target }: Frozen) => (a: SvdAdapters, _: Nothing, { x }: Batch) =>
    meanSquaredError(model(withSvdAdapters(frozen, a, 4), x), model(target, x));
  const f = (frozen: Frozen, state: PrunedTrainingState<AdapterTrained<Nothing>>, inputs: Inputs) =>
    training.run(loss(frozen), state, inputs);
  const state = training.init(adapters, nothing, { scores: options.scores });
  const [next, trace] = await evaluate(f, [{ frozen, target }, state, inputs]);
  const { ties } = assertRealised(plan, trace.pruning!, { count: MAPS * RANK });
  const found = ranksOf(training.layout.unpack<SvdAdapters<NdArray>>(next.trained.adapters));
  const ranks = Array.from({ length: MAPS }, (_, i) => found[`maps.${i}`]);
  const alive = toNumbers(trace.pruning!.alive);
  return { ranks, loss: Number(trace.loss.data[STEPS - 1]), ties, alive };
}

/** Whether the budget went where the update is planted. */
const foundPlanted = ({ ranks, loss }: Outcome) =>
  ranks.every((rank, i) => rank === (i === PLANTED ? RANK : 0)) && loss < 1e-3;

Deno.test("AdaLoRA and its ablations give the whole budget to the planted map", async () => {
  const outcomes = {
    adalora: await adalora(),
    before: await adalora(undefined, { weights: "before" }),
    smoothed: await adalora({ by: "sensitivity" }),
    instant: await adalora({ by: "instant" }),
    magnitude: await adalora({ by: "magnitude" }, { magnitude: true }),
  };
  for (const [name, outcome] of Object.entries(outcomes)) {
    assert.ok(foundPlanted(outcome), `${name}: ranks ${outcome.ranks}, loss ${outcome.loss}`);
    assert.equal(outcome.ties, 0, name);
  }
});

Deno.test("a wrong ranking fails: the budget is realised, the update is not found", async () => {
  // Triplets of the planted map last.
  const wrong = fromNumbers(
    Array.from({ length: MAPS * RANK }, (_, i) => i >> 1 === 1 ? 0 : 9 - i),
    [
      MAPS * RANK,
    ],
  );
  const outcome = await adalora({ by: "given" }, { scores: wrong });
  assert.deepEqual(outcome.ranks, [2, 0, 0, 0]);
  assert.ok(!foundPlanted(outcome) && outcome.loss > 0.05, `${outcome.loss}`);
});

Deno.test("a masked λ is back after one step without a mask, until the mask is frozen", async () => {
  const { alive } = await adalora();
  const keep = toNumbers(plan.keep), rank = toNumbers(plan.rank);
  const ranked = rank.flatMap((flag, step) => flag && step < STEPS - 150 ? [step] : []);
  assert.equal(ranked.length, 11);
  for (const step of ranked) {
    assert.equal(alive[step], keep[step], `step ${step}`);
    assert.equal(alive[step + 1], MAPS * RANK, `step ${step + 1}`);
  }
  assert.deepEqual(alive.slice(STEPS - 150), new Array(150).fill(2));
});

Deno.test("LoRA's doublets are pruned whole, and without momentum never return", async () => {
  const adapters = initLora(stream(4), frozen, { rank: RANK });
  const training = adapterTraining<LoraAdapters, Nothing>({
    like: adapters,
    optimizer: sgd(),
    pruning: {
      groups: doubletGroups(adapters),
      ranking: { by: "sensitivity", beta2: 0.85 },
    },
  });
  const loss = ({ frozen, target }: Frozen) => (a: LoraAdapters, _: Nothing, { x }: Batch) =>
    meanSquaredError(model(withLora(frozen, a, 2), x), model(target, x));
  const f = (frozen: Frozen, state: PrunedTrainingState<AdapterTrained<Nothing>>, inputs: Inputs) =>
    training.run(loss(frozen), state, inputs);
  const state = training.init(adapters, nothing);
  const [next, trace] = await evaluate(f, [{ frozen, target }, state, inputs]) as Host<
    ReturnType<typeof f>
  >;
  assertRealised(plan, trace.pruning!, { count: MAPS * RANK });
  const found = training.layout.unpack<LoraAdapters<NdArray>>(next.trained.adapters);
  const alive = Object.values(found).map(({ b }) => toNumbers(b).some((x) => x !== 0));
  assert.ok(alive[PLANTED]);
  const aliveGroups = toNumbers(trace.pruning!.alive);
  assert.ok(aliveGroups.every((n, step) => step === 0 || n <= aliveGroups[step - 1]));
});
