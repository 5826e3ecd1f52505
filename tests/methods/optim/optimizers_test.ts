// Optimisers over trees, step by step against torch.optim (tests/reference/optim.py).

import assert from "node:assert/strict";
import {
  adagrad,
  adam,
  type AdamSettings,
  clipByValue,
  clipFactor,
  type Optimizer,
  type OptimizerState,
  rmsprop,
  sgd,
  type SgdSettings,
} from "../../../methods/optim/mod.ts";
import {
  constant,
  type DType,
  fromNested,
  fromNumbers,
  type Host,
  iota,
  type NdArray,
  scan,
  type Tensor,
  toNumbers,
  treeMap,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/optim.json" with { type: "json" };
import { numbersOf, relativeError } from "../nn/reference.ts";
import { evaluate } from "../tensor/harness.ts";

const { steps, keep } = reference;
const shapes = reference.shapes as Record<string, number[]>;
type Params<L = Tensor> = { bias: L; deep: { w: L }[]; w: L };

/** The tree whose leaves are named as in the reference. */
function treeOf(make: (path: string) => NdArray): Params<NdArray> {
  return { bias: make("bias"), deep: [{ w: make("deep.0.w") }], w: make("w") };
}

function draw(dtype: DType, ...name: (string | number)[]): NdArray {
  const shape = shapes[name[name.length - 1]];
  const { data } = stream(5, "optim", ...name).normal(shape);
  return fromNumbers(data as Float32Array, shape, dtype);
}

/** Gradients of all steps, stacked. */
const gradientsOf = (dtype: DType) =>
  treeOf((path) => {
    const parts = Array.from({ length: steps }, (_, i) => draw(dtype, "gradient", i, path));
    const values = parts.flatMap(({ data }) => Array.from(data as Float32Array));
    return fromNumbers(values, [steps, ...shapes[path]], dtype);
  });

const ratesOf = (dtype: DType) =>
  fromNumbers(Array.from({ length: steps }, (_, i) => 0.05 * (1 + i % 7) / 7), [steps], dtype);

type Clip = "norm" | "value" | undefined;

/** Parameters after every step, in one program. */
async function run(
  dtype: DType,
  optimizer: Optimizer,
  clip: Clip = undefined,
): Promise<Host<{ after: Params; state: OptimizerState<Params> }>> {
  const start = treeOf((path) => draw(dtype, "start", path));
  type Carry = { params: Params; state: OptimizerState<Params> };
  type Step = { gradients: Params; lr: Tensor };
  const f = (params: Params, state: OptimizerState<Params>, series: Step) => {
    const [last, after] = scan(
      ({ params, state }: Carry, { gradients, lr }: Step) => {
        const given = clip === "value" ? clipByValue(gradients, 0.5) : gradients;
        const gradientScale = clip === "norm" ? clipFactor(gradients, 2) : undefined;
        const [next, nextState] = optimizer.step(params, given, state, { lr, gradientScale });
        return [{ params: next, state: nextState }, next] as const;
      },
      { params, state },
      series,
    );
    return { after, state: last.state };
  };
  const series = { gradients: gradientsOf(dtype), lr: ratesOf(dtype) };
  return await evaluate(f, [start, optimizer.init(start), series]);
}

const bias = (path: string) => path === "bias";
const deep = (path: string) => path.startsWith("deep.");
const cases: Record<string, readonly [Optimizer, Clip?]> = {
  "sgd": [sgd()],
  "sgd l2": [sgd({ weightDecay: 0.1 })],
  "momentum": [sgd({ momentum: 0.9, weightDecay: 0.01 })],
  "dampening": [sgd({ momentum: 0.8, dampening: 0.3 })],
  "nesterov": [sgd({ momentum: 0.9, nesterov: true })],
  "adam": [adam()],
  "adam l2": [adam({ beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay: 0.1 })],
  "adamw": [adam({ weightDecay: 0.1, decay: "decoupled" })],
  "amsgrad": [adam({ amsgrad: true, beta1: 0.5, beta2: 0.6 })],
  "adamw amsgrad": [
    adam({ amsgrad: true, beta1: 0.5, beta2: 0.6, weightDecay: 0.2, decay: "decoupled" }),
  ],
  "rmsprop": [rmsprop()],
  "rmsprop centered": [
    rmsprop({ alpha: 0.9, eps: 1e-3, momentum: 0.5, centered: true, weightDecay: 0.05 }),
  ],
  "adagrad": [adagrad({ initial: 0.1, lrDecay: 0.02, weightDecay: 0.05 })],
  "sgd groups": [sgd({
    momentum: 0.9,
    weightDecay: 0.1,
    groups: [
      { where: bias, settings: { lrScale: 0.1, weightDecay: 0 } },
      { where: deep, settings: { momentum: 0.5 } },
    ],
  })],
  "adamw groups": [adam({
    weightDecay: 0.1,
    decay: "decoupled",
    groups: [
      { where: (_, { shape }) => shape.length === 1, settings: { weightDecay: 0 } },
      { where: deep, settings: { lrScale: 0.25, beta1: 0.7, beta2: 0.9 } },
    ],
  })],
  "clip norm": [sgd({ momentum: 0.9, weightDecay: 0.01 }), "norm"],
  "clip value": [adam(), "value"],
};

/** Elements of step `i` of a stacked array. */
function at({ data, shape }: NdArray, i: number): number[] {
  const size = data.length / shape[0];
  return Array.from((data as Float64Array).subarray(i * size, (i + 1) * size));
}

for (const [dtype, tolerance] of [["float64", 1e-10], ["float32", 1e-5]] as const) {
  const expected = reference[dtype] as Record<string, Record<string, string>[]>;
  Deno.test(`optimisers follow torch.optim for ${steps} steps in ${dtype}`, async (t) => {
    assert.deepEqual(Object.keys(cases).sort(), Object.keys(expected).sort());
    for (const [name, [optimizer, clip]] of Object.entries(cases)) {
      await t.step(name, async () => {
        const { after, state } = await run(dtype, optimizer, clip);
        assert.equal(Number(state.step.data[0]), steps);
        keep.forEach((step, i) =>
          treeMap((leaf, path) => {
            const wanted = numbersOf(expected[name][i][path]);
            const error = relativeError(at(leaf as NdArray, step), wanted);
            assert.ok(error < tolerance, `after step ${step}, ${path} differs by ${error}`);
          }, after)
        );
      });
    }
  });
}

Deno.test("a frozen group keeps parameters and slots to the bit, others do not notice", async () => {
  const settings: AdamSettings = { weightDecay: 0.1, decay: "decoupled" };
  const all = await run("float32", adam(settings));
  const frozen = await run(
    "float32",
    adam({ ...settings, groups: [{ where: deep, settings: { frozen: true } }] }),
  );
  const start = draw("float32", "start", "deep.0.w");
  assert.deepEqual(at(frozen.after.deep[0].w, steps - 1), Array.from(start.data as Float32Array));
  assert.ok((frozen.state.slots.m.deep[0].w.data as Float32Array).every((x) => x === 0));
  assert.deepEqual(frozen.after.w.data, all.after.w.data);
});

Deno.test("one flat vector is a tree: all leaves packed together give the same", async () => {
  const apart = await run("float32", adam());
  const optimizer = adam();
  const pack = (tree: Params<NdArray>) => {
    const leaves = [tree.bias, tree.deep[0].w, tree.w];
    return fromNumbers(leaves.flatMap(({ data }) => Array.from(data as Float32Array)), [16]);
  };
  const start = pack(treeOf((path) => draw("float32", "start", path)));
  const stacked = gradientsOf("float32");
  const rows = Array.from(
    { length: steps },
    (_, i) => [stacked.bias, stacked.deep[0].w, stacked.w].flatMap((x) => at(x, i)),
  );
  const gradients = fromNumbers(rows.flat(), [steps, 16]);
  const f = (params: Tensor, state: OptimizerState<Tensor>, gradients: Tensor, lr: Tensor) =>
    scan(
      (carry: { params: Tensor; state: OptimizerState<Tensor> }, x: { g: Tensor; lr: Tensor }) => {
        const [params, state] = optimizer.step(carry.params, x.g, carry.state, { lr: x.lr });
        return [{ params, state }, params] as const;
      },
      { params, state },
      { g: gradients, lr },
    )[0].params;
  const flat = await evaluate(f, [start, optimizer.init(start), gradients, ratesOf("float32")]);
  const last = [apart.after.bias, apart.after.deep[0].w, apart.after.w].flatMap((x) =>
    at(x, steps - 1)
  );
  assert.ok(relativeError(flat.data as Float32Array, last) < 1e-6);
});

Deno.test("settings are of the optimiser's own kind", () => {
  const settings: SgdSettings = { momentum: 0.9 };
  const { slots } = sgd(settings).init(treeOf((path) => draw("float32", "start", path)));
  assert.deepEqual(Object.keys(slots), ["velocity"]);
  assert.deepEqual(Object.keys(sgd().init({ w: draw("float32", "start", "w") }).slots), []);
});

Deno.test("centred RMSProp stays finite where the gradient never changes", async () => {
  const optimizer = rmsprop({ centered: true });
  const start = fromNested([1, 1]), gradient = fromNested([0.1, 0.7]);
  const train = (p: Tensor, s: OptimizerState<Tensor>) =>
    scan(
      (c: { p: Tensor; s: OptimizerState<Tensor> }) => {
        const [p, s] = optimizer.step(c.p, constant(gradient), c.s, { lr: 0.01 });
        return [{ p, s }, []];
      },
      { p, s },
      iota(1500),
    )[0].p;
  const last = await evaluate(train, [start, optimizer.init(start)]);
  assert.ok(toNumbers(last).every(Number.isFinite), `${toNumbers(last)}`);
});
