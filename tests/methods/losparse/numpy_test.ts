// LoSparse against numpy, step by step, on a small perceptron in float64 (tests/reference/losparse.py).

import assert from "node:assert/strict";
import {
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
  svd,
  withLowRanks,
} from "../../../methods/losparse/mod.ts";
import { linear, type LinearParams, transposed } from "../../../methods/nn/mod.ts";
import { adam } from "../../../methods/optim/mod.ts";
import {
  compile,
  type Host,
  load,
  mean,
  type NdArray,
  ndarray,
  relu,
  square,
  sub,
  type Tensor,
  toNumbers,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { numbersOf, relativeError } from "../nn/reference.ts";
import reference from "../../reference/losparse.json" with { type: "json" };

const { settings } = reference;
const { widths, steps, batch } = settings;
const SEED = 13, LAYERS = widths.length - 1;

function draw(shape: number[], std: number, ...name: (string | number)[]): NdArray {
  const { data } = stream(SEED, ...name).normal(shape, { std });
  return ndarray(Float64Array.from(data as Float32Array), shape);
}

type Net<M = LinearParams> = { layers: M[] };
const net: Net<LinearParams<NdArray>> = {
  layers: Array.from({ length: LAYERS }, (_, i) => ({
    w: transposed(draw([widths[i + 1], widths[i]], 0.6, "w", i)),
    b: draw([widths[i + 1]], 0.1, "b", i),
  })),
};
const split = splitLinears(net, { ratio: settings.ratio });
const paths = Object.keys(split.lowRanks);
const residuals = residualsOf<NdArray>(split.params, paths);
const training = losparseTraining<Net>({
  residuals,
  optimizer: adam({ decay: "decoupled", weightDecay: settings.weightDecay }),
  every: settings.every,
  boundary: "across",
});
const plan = losparsePlan({
  entries: reference.entries,
  final: settings.final,
  warmup: settings.warmup,
  cooldown: settings.cooldown,
  steps,
  every: settings.every,
});

type Batch = { x: Tensor; y: Tensor };
type State = PrunedTrainingState<LosparseTrained<Net>>;

const forward = ({ params, lowRanks }: LosparseTrained<Net>, x: Tensor) =>
  withLowRanks(params, lowRanks).layers.reduce(
    (h, layer, i) => i < LAYERS - 1 ? relu(linear(layer, h)) : linear(layer, h),
    x,
  );
const loss = (trained: LosparseTrained<Net>, { x, y }: Batch) =>
  mean(square(sub(forward(trained, x), y)));

function inputsOf(step: number): Host<PrunedTrainingInputs<Batch>> {
  const at = (x: NdArray): NdArray => ({ ...x, shape: [1], data: x.data.slice(step, step + 1) });
  const one = (x: NdArray): NdArray => ({ ...x, shape: [1, ...x.shape] });
  const { keep, learn, rank, apply, place } = plan;
  return {
    batch: {
      x: one(draw([batch, widths[0]], 1, "x", step)),
      y: one(draw([batch, widths[LAYERS]], 1, "y", step)),
    },
    lr: ndarray(Float64Array.of(settings.lr)),
    plan: { keep: at(keep), learn: at(learn), rank: at(rank), apply: at(apply), place: at(place) },
  };
}

Deno.test("the split has numpy's singular values and products, and adds up to the weights", () => {
  net.layers.forEach(({ w }, i) => {
    const expected = numbersOf(reference.singularValues[i]);
    assert.ok(relativeError(svd(w).s, expected) < 1e-13, `layer ${i}`);
    const { left, right } = split.lowRanks[`layers.${i}`];
    const rank = reference.ranks[i];
    assert.deepEqual(left.shape, [widths[i], rank]);
    const product = (k: number) => {
      // [out, in], as the reference writes it.
      const row = Math.floor(k / widths[i]), column = k % widths[i];
      let sum = 0;
      for (let r = 0; r < rank; r++) {
        sum += Number(left.data[column * rank + r]) * Number(right.data[r * widths[i + 1] + row]);
      }
      return sum;
    };
    const products = numbersOf(reference.products[i]);
    assert.ok(relativeError(products.map((_, k) => product(k)), products) < 1e-11, `layer ${i}`);
    const rest = transposed(split.params.layers[i].w), whole = transposed(w);
    const sums = products.map((_, k) => product(k) + Number(rest.data[k]));
    assert.ok(relativeError(sums, toNumbers(whole)) < 1e-14, `layer ${i}`);
  });
});

Deno.test("losses, scores, masks and final residuals are numpy's", async () => {
  const f = (state: State, inputs: PrunedTrainingInputs<Batch>) =>
    training.run({ loss }, state, inputs);
  let state: Host<State> = training.init(split);
  const program = compile(f, [state, inputsOf(0)]);
  const executable = await load(program, { provider: "cpu" });
  const losses = numbersOf(reference.loss), kept = numbersOf(reference.kept);
  for (let step = 0; step < steps; step++) {
    const [next, trace] = await executable.run(state, inputsOf(step));
    state = next;
    assert.ok(Math.abs(Number(trace.loss.data[0]) - losses[step]) < 1e-10, `loss of step ${step}`);
    // Without uncertainty the averages are kept by row.
    const expected = (reference.scores as Record<string, string>)[step];
    if (expected !== undefined) {
      const error = relativeError(toNumbers(state.pruner!.memory.mean), numbersOf(expected), 1e-6);
      assert.ok(error < 1e-9, `scores of step ${step} differ by ${error}`);
    }
    const groups = rowGroups(residuals);
    const found = residualsOf<NdArray>(state.trained.params, paths);
    const alive = paths.flatMap((path) => {
      const { data, shape: [inputs, outputs] } = transposedBack(found[path]);
      return Array.from(
        { length: inputs },
        (_, row) => data.subarray(row * outputs, (row + 1) * outputs).some((x) => x !== 0),
      );
    });
    assert.equal(alive.map(Number).join(""), reference.masks[step], `mask of step ${step}`);
    const entries = groups.sizes.reduce((sum, size, row) => sum + (alive[row] ? size : 0), 0);
    assert.equal(entries, kept[step], `step ${step}`);
  }
  await executable.dispose();
  const found = residualsOf<NdArray>(state.trained.params, paths);
  paths.forEach((path, i) => {
    const error = relativeError(
      toNumbers(transposed(found[path])),
      numbersOf(reference.residuals[i]),
    );
    assert.ok(error < 1e-9, `${path} differs by ${error} of its largest`);
  });
});

/** [in, out] as [out, in], with float64 data. */
function transposedBack(w: NdArray) {
  const { data, shape } = transposed(w);
  return { data: data as Float64Array, shape };
}
