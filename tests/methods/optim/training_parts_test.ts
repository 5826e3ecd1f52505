// Averages of weights, loss scaling and accumulation: against torch, and against the whole batch.

import assert from "node:assert/strict";
import {
  accumulateGradients,
  allFinite,
  clipByGlobalNorm,
  emaDecay,
  emaUpdate,
  globalNorm,
  type LossScale,
  lossScaling,
  type OptimizerState,
  selectTree,
  sgd,
} from "../../../methods/optim/mod.ts";
import {
  cast,
  type DType,
  fromNumbers,
  matmul,
  mean,
  mul,
  type NdArray,
  ndarray,
  reshape,
  scan,
  square,
  sub,
  sum,
  tanh,
  type Tensor,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/optim.json" with { type: "json" };
import { numbersOf, relativeError } from "../nn/reference.ts";
import { evaluate } from "../tensor/harness.ts";

const { steps, keep } = reference, size = 6;

function draw(dtype: DType, ...name: (string | number)[]): NdArray {
  const { data } = stream(5, "optim", ...name, "w").normal([3, 2]);
  return fromNumbers(data as Float32Array, [3, 2], dtype);
}
const stacked = (dtype: DType) => {
  const parts = Array.from({ length: steps }, (_, i) => draw(dtype, "gradient", i));
  return fromNumbers(
    parts.flatMap(({ data }) => Array.from(data as Float32Array)),
    [steps, 3, 2],
    dtype,
  );
};
const at = ({ data }: NdArray, i: number) =>
  Array.from((data as Float64Array).subarray(i * size, (i + 1) * size));

for (const [dtype, tolerance] of [["float64", 1e-12], ["float32", 1e-6]] as const) {
  Deno.test(`emaUpdate() follows torch's AveragedModel in ${dtype}`, async () => {
    const f = (start: Tensor, series: Tensor) =>
      scan(
        (average: { w: Tensor }, w: Tensor) => {
          const next = emaUpdate(average, { w }, 0.9);
          return [next, next.w] as const;
        },
        { w: start },
        series,
      )[1];
    const after = await evaluate(f, [draw(dtype, "start"), stacked(dtype)]);
    keep.forEach((step, i) => {
      const error = relativeError(at(after, step), numbersOf(reference[`ema ${dtype}`][i]));
      assert.ok(error < tolerance, `after step ${step} averages differ by ${error}`);
    });
  });
}

Deno.test("emaDecay() grows from 0.1 to its limit, and emaUpdate() takes it as a tensor", async () => {
  const f = (steps: Tensor, a: Tensor, b: Tensor) => ({
    decays: emaDecay(0.99, steps),
    average: emaUpdate([a], [b], emaDecay(0.99, reshape(sum(steps), [])))[0],
  });
  const given = ndarray(Float32Array.of(0, 10, 10_000));
  const scalar = (x: number) => ndarray(Float64Array.of(x), []);
  const { decays, average } = await evaluate(f, [given, scalar(1), scalar(2)]);
  [0.1, 0.55, 0.99].forEach((d, i) => assert.ok(Math.abs(Number(decays.data[i]) - d) < 1e-6));
  assert.ok(Math.abs(Number(average.data[0]) - 1.01) < 1e-6);
});

Deno.test("lossScaling() grows, backs off and skips as torch.amp.GradScaler", async () => {
  const scaling = lossScaling({ initial: 1024, growth: 3, backoff: 0.25, interval: 5 });
  const optimizer = sgd({ momentum: 0.9 });
  type Params = { w: Tensor };
  type Carry = { params: Params; state: OptimizerState<Params>; scale: LossScale };
  const f = (start: Carry, series: Tensor) =>
    scan(
      ({ params, state, scale }: Carry, along: Tensor) => {
        const loss = (p: Params) => scaling.scaleLoss(sum(mul(p.w, along)), scale);
        const { gradients, finite } = scaling.unscale(valueAndGrad(loss)(params)[1], scale);
        const [next, nextState] = optimizer.step(params, gradients, state, { lr: 0.05 });
        const kept = selectTree(finite, { params: next, state: nextState }, { params, state });
        const after = { ...kept, scale: scaling.update(scale, finite) };
        return [after, { w: after.params.w, scale: after.scale.scale }] as const;
      },
      start,
      series,
    )[1];
  const series = stacked("float32");
  const bad: [number, number][] = [[7, Infinity], [8, NaN], [30, -Infinity]];
  for (const [step, value] of bad) (series.data as Float32Array)[step * size + 3] = value;
  const params = { w: draw("float32", "start") };
  const start = { params, state: optimizer.init(params), scale: scaling.init() };
  const { w, scale } = await evaluate(f, [start, series]);
  assert.deepEqual([...scale.data].map(Number), numbersOf(reference.scaling.scales));
  keep.forEach((step, i) => {
    const error = relativeError(at(w, step), numbersOf(reference.scaling.params[i]));
    assert.ok(error < 1e-5, `after step ${step} parameters differ by ${error}`);
  });
});

Deno.test("a loss scale about to overflow stays, and allFinite() looks at every leaf", async () => {
  const scaling = lossScaling({ interval: 1 });
  const f = (scale: LossScale, x: Tensor, y: Tensor) => ({
    next: scaling.update(scale, allFinite([x, { y }])),
    finite: [allFinite(x), allFinite(y), allFinite([x, { y }])],
  });
  const state = {
    scale: ndarray(Float32Array.of(3e38), []),
    steps: ndarray(Float32Array.of(0), []),
  };
  const vector = (...values: number[]) => ndarray(Float32Array.from(values));
  const good = await evaluate(f, [state, vector(1e38, -2), vector(0)]);
  assert.equal(Number(good.next.scale.data[0]), Math.fround(3e38));
  assert.deepEqual(good.finite.map((x: NdArray) => x.data[0]), [1, 1, 1]);
  const poor = await evaluate(f, [state, vector(1, NaN), vector(0)]);
  assert.equal(Number(poor.next.scale.data[0]), Math.fround(1.5e38));
  assert.deepEqual(poor.finite.map((x: NdArray) => x.data[0]), [0, 1, 0]);
});

Deno.test("float16 training with float32 weights starts too high, backs off, and learns", async () => {
  const scaling = lossScaling({ initial: 2 ** 24, interval: 50 });
  const optimizer = sgd({ momentum: 0.9 });
  type Params = { w: Tensor; v: Tensor };
  type Carry = { params: Params; state: OptimizerState<Params>; scale: LossScale };
  const draw = (name: string, shape: number[]) => stream(5, "half", name).normal(shape);
  const x = draw("x", [16, 4]), target = draw("target", [4]);
  const half = (t: Tensor) => cast(t, "float16");
  const f = (start: Carry, rates: Tensor, x: Tensor, target: Tensor) =>
    scan(
      ({ params, state, scale }: Carry, lr: Tensor) => {
        const loss = ({ w, v }: Params) => {
          const hidden = tanh(matmul(half(x), half(w)));
          const wanted = half(tanh(matmul(x, target)));
          return mean(square(sub(matmul(hidden, half(v)), wanted)));
        };
        const scaled = (p: Params) => {
          const value = loss(p);
          return [scaling.scaleLoss(value, scale), value] as const;
        };
        const [[, value], raw] = valueAndGrad(scaled, { hasAux: true })(params);
        const { gradients, finite } = scaling.unscale(raw, scale);
        const [next, nextState] = optimizer.step(params, gradients, state, { lr });
        const kept = selectTree(finite, { params: next, state: nextState }, { params, state });
        return [{ ...kept, scale: scaling.update(scale, finite) }, {
          value: cast(value, "float32"),
          scale: scale.scale,
        }] as const;
      },
      start,
      rates,
    )[1];
  const params = { w: draw("w", [4, 8]), v: draw("v", [8]) };
  const start = { params, state: optimizer.init(params), scale: scaling.init() };
  const rates = ndarray(new Float32Array(200).fill(0.02));
  const { value, scale } = await evaluate(f, [start, rates, x, target]);
  const values = value.data as Float32Array, scales = scale.data as Float32Array;
  // float16 ends at 65504, so that the first gradients overflow and nothing moves.
  assert.deepEqual([...scales.subarray(0, 3)], [2 ** 24, 2 ** 23, 2 ** 22]);
  assert.equal(values[0], values[2]);
  assert.ok(
    scales[199] < 2 ** 20 && values[199] < 0.1 * values[0],
    `${values[0]} to ${values[199]}`,
  );
  assert.ok(values.every(Number.isFinite));
});

Deno.test("accumulateGradients() gives the loss and gradient of the whole batch", async () => {
  type Params = { w: Tensor; b: Tensor[] };
  type Batch = { x: Tensor; y: Tensor };
  const loss = ({ w, b }: Params, { x, y }: Batch) => {
    const error = sub(tanh(sub(matmul(x, w), b[0])), y);
    return [mean(square(error)), error] as const;
  };
  const normal = (name: string, shape: number[]) =>
    stream(5, "accumulate", name).normal(shape, { dtype: "float64" });
  const params = { w: normal("w", [5]), b: [normal("b", [])] };
  const batches = { x: normal("x", [4, 8, 5]), y: normal("y", [4, 8]) };
  const f = (params: Params, { x, y }: Batch) => {
    const [value, gradients, errors] = accumulateGradients(loss)(params, { x, y });
    const whole = { x: reshape(x, [32, 5]), y: reshape(y, [32]) };
    const [[expected], wanted] = valueAndGrad(loss, { hasAux: true })(params, whole);
    return {
      errors,
      value: sub(value, expected),
      w: sub(gradients.w, wanted.w),
      b: sub(gradients.b[0], wanted.b[0]),
      norm: globalNorm(gradients),
    };
  };
  const result = await evaluate(f, [params, batches]);
  assert.deepEqual(result.errors.shape, [4, 8]);
  for (const part of [result.value, result.w, result.b]) {
    assert.ok((part.data as Float64Array).every((x) => Math.abs(x) < 1e-14));
  }
  assert.ok(Number(result.norm.data[0]) > 0.01);
});

Deno.test("clipByGlobalNorm() scales all leaves of a tree alike", async () => {
  const f = (tree: { a: Tensor; b: Tensor[] }) => clipByGlobalNorm(tree, 2.5);
  const vector = (...values: number[]) => ndarray(Float64Array.from(values));
  const { a, b } = await evaluate(f, [{ a: vector(3, 0), b: [vector(-4)] }]);
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
  near(Number(a.data[0]), 1.5);
  near(Number(b[0].data[0]), -2);
});
