// BitFit, bottleneck adapters and full fine-tuning in the same training loop, on a transformer block.

import assert from "node:assert/strict";
import {
  type AdapterTrained,
  adapterTraining,
  type Biases,
  biasesOf,
  BOTTLENECK_PLACES,
  type BottleneckAdapters,
  initBottlenecks,
  withBiases,
  withBottlenecks,
} from "../../../methods/adalora/mod.ts";
import {
  type PrunedTrainingInputs,
  type PrunedTrainingState,
} from "../../../methods/budget/mod.ts";
import {
  type AnyBlock,
  block,
  initSeparateBlock,
  type SeparateBlockParams,
} from "../../../methods/nn/mod.ts";
import { adam } from "../../../methods/optim/mod.ts";
import {
  meanSquaredError,
  type NdArray,
  ndarray,
  type Tensor,
  toNumbers,
  type Tree,
  treeMap,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { stackArrays } from "../nn/reference.ts";
import { evaluate } from "../tensor/harness.ts";

const STEPS = 150;
const frozen = initSeparateBlock(stream(1, "block"), 8, 12);
/** Weights far from the frozen ones, the same biases. */
const target = treeMap<SeparateBlockParams<NdArray>>((leaf, path) => {
  const { shape } = leaf as NdArray;
  return shape.length < 2 ? leaf : stream(2, path).normal(shape, { std: 0.4 });
}, frozen);
const x = stream(3, "x").normal([4, 5, 8]);
/** The same batch at every step, so that losses can be compared. */
const inputs = {
  batch: { x: stackArrays(new Array<NdArray>(STEPS).fill(x)) },
  lr: ndarray(new Float32Array(STEPS).fill(0.02)),
};
type Batch = { x: Tensor };
const nothing = {};
type Nothing = typeof nothing;
type State = PrunedTrainingState<AdapterTrained<Nothing>>;
const apply = (p: AnyBlock, x: Tensor) => block(p, x, { heads: 2 });

/** Losses of a run from `start` that trains it alone. */
async function losses<A>(
  start: Tree<NdArray>,
  adapted: (params: SeparateBlockParams, adapters: A) => AnyBlock,
): Promise<number[]> {
  const training = adapterTraining<A, Nothing>({ like: start, optimizer: adam() });
  const f = (
    params: SeparateBlockParams,
    other: SeparateBlockParams,
    state: State,
    inputs: PrunedTrainingInputs<Batch>,
  ) =>
    training.run(
      (adapters, _, { x }: Batch) =>
        meanSquaredError(apply(adapted(params, adapters), x), apply(other, x)),
      state,
      inputs,
    )[1].loss;
  const state = training.init(start, nothing);
  return toNumbers(await evaluate(f, [frozen, target, state, inputs]));
}

Deno.test("all baselines begin at the frozen network's loss, and more parameters fit better", async () => {
  const bottlenecks = initBottlenecks(stream(4), frozen, {
    hidden: 4,
    where: BOTTLENECK_PLACES.houlsby,
  });
  const runs = {
    biases: await losses<Biases>(biasesOf(frozen), (p, biases) => withBiases(p, biases)),
    bottlenecks: await losses<BottleneckAdapters>(bottlenecks, (p, a) => withBottlenecks(p, a)),
    full: await losses<SeparateBlockParams>(frozen, (_, params) => params),
  };
  const [first] = runs.full;
  const last = (name: keyof typeof runs) => runs[name][STEPS - 1];
  for (const [name, values] of Object.entries(runs)) {
    assert.ok(Math.abs(values[0] / first - 1) < 1e-5, `${name} begins at ${values[0]}`);
    assert.ok(values[STEPS - 1] < values[0], `${name} ends at ${values[STEPS - 1]}`);
  }
  assert.ok(last("full") < last("bottlenecks") && last("full") < last("biases"));
});
