// Every operator's values against host arithmetic, in float32 on the CPU: all cases in one session.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

const a = values([2, 3], 1, "float32"), b = values([3], 2, "float32");
const c = values([2, 2, 3], 3, "float32"), positive = t.fromNumbers([0.5, 1, 2, 4], [4]);
const [A, B, C] = [a, b, c].map(t.toNumbers);
const i64 = (v: number[], shape = [v.length]) => t.fromNumbers(v, shape, "int64");

/** Reference of a row-wise function. */
const byRow = (x: number[], width: number, f: (row: number[]) => number[]) =>
  Array.from({ length: x.length / width }, (_, i) => f(x.slice(i * width, (i + 1) * width))).flat();
const softmax = (row: number[]) => {
  const e = row.map((v) => Math.exp(v - Math.max(...row)));
  return e.map((v) => v / e.reduce((p, q) => p + q));
};
const total = (x: number[]) => x.reduce((p, q) => p + q, 0);
const product = (x: number[], y: number[], m: number, k: number, n: number) =>
  Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return total(Array.from({ length: k }, (_, l) => x[i * k + l] * y[l * n + j]));
  });

/** erf by its Maclaurin series: exact enough for |x| ≤ 3. */
function erf(x: number): number {
  let sum = 0, term = x;
  for (let n = 0; n < 60; n++) {
    sum += term / (2 * n + 1);
    term *= -x * x / (n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}
const gelu = (x: number) => x * 0.5 * (1 + erf(x / Math.SQRT2));

const cases: Record<string, [actual: () => t.Tensor, expected: number[]]> = {
  "add broadcasts": [() => t.add(a, b), A.map((x, i) => x + B[i % 3])],
  "sub number": [() => t.sub(1, a), A.map((x) => 1 - x)],
  "mul": [() => t.mul(a, b), A.map((x, i) => x * B[i % 3])],
  "div": [() => t.div(a, b), A.map((x, i) => x / B[i % 3])],
  "div by number": [() => t.div(a, 4), A.map((x) => x / 4)],
  "neg": [() => t.neg(a), A.map((x) => -x)],
  "pow": [() => t.pow(positive, t.fromNumbers([1, 2, 0.5, -1], [4])), [0.5, 1, Math.SQRT2, 0.25]],
  "pow constants": [
    () => t.stack([2, 3, 0.5, -0.5, -1, 1.5].map((e) => t.pow(t.constant(4), e))),
    [16, 64, 2, 0.5, 0.25, 8],
  ],
  "exp": [() => t.exp(a), A.map(Math.exp)],
  "log": [() => t.log(positive), [0.5, 1, 2, 4].map(Math.log)],
  "sqrt": [() => t.sqrt(positive), [0.5, 1, 2, 4].map(Math.sqrt)],
  "rsqrt": [() => t.rsqrt(positive), [0.5, 1, 2, 4].map((x) => 1 / Math.sqrt(x))],
  "square": [() => t.square(a), A.map((x) => x * x)],
  "abs": [() => t.abs(a), A.map(Math.abs)],
  "sign": [() => t.sign(t.fromNumbers([-2, 0, 3], [3])), [-1, 0, 1]],
  "floor": [() => t.floor(a), A.map(Math.floor)],
  "sin cos": [() => t.concat([t.sin(a), t.cos(a)]), [...A.map(Math.sin), ...A.map(Math.cos)]],
  "tanh": [() => t.tanh(a), A.map(Math.tanh)],
  "sigmoid": [() => t.sigmoid(a), A.map((x) => 1 / (1 + Math.exp(-x)))],
  "relu": [() => t.relu(a), A.map((x) => Math.max(0, x))],
  "erf": [() => t.erf(t.mul(a, 2)), A.map((x) => erf(2 * x))],
  "gelu": [() => t.gelu(a), A.map(gelu)],
  "gelu tanh is near": [
    () => t.gelu(a, "tanh"),
    A.map((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  ],
  "silu": [() => t.silu(a), A.map((x) => x / (1 + Math.exp(-x)))],
  "maximum minimum": [
    () => t.sub(t.maximum(a, b), t.minimum(a, b)),
    A.map((x, i) => Math.abs(x - B[i % 3])),
  ],
  "clip": [() => t.clip(a, -0.5, 0.5), A.map((x) => Math.min(0.5, Math.max(-0.5, x)))],
  "comparisons": [
    () =>
      t.stack(
        [t.equal, t.less, t.lessEqual, t.greater, t.greaterEqual].map((f) =>
          t.cast(f(t.fromNumbers([1, 2, 3], [3]), 2), "float32")
        ),
      ),
    [0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1],
  ],
  "logic": [
    () => {
      const p = t.greater(a, 0), q = t.greater(a, b);
      return t.cast(t.logicalOr(t.logicalAnd(p, q), t.logicalNot(p)), "float32");
    },
    A.map((x, i) => Number(x > 0 && x > B[i % 3] || !(x > 0))),
  ],
  "where": [() => t.where(t.greater(a, 0), a, b), A.map((x, i) => x > 0 ? x : B[i % 3])],
  "cast truncates": [() => t.cast(t.fromNumbers([1.7, -1.7], [2]), "int32"), [1, -1]],
  "sum": [() => t.sum(c), [total(C)]],
  "sum middle axis": [
    () => t.sum(c, 1),
    [0, 1].flatMap((i) => [0, 1, 2].map((k) => C[i * 6 + k] + C[i * 6 + 3 + k])),
  ],
  "mean": [
    () => t.mean(c, [0, 1]),
    [0, 1, 2].map((k) => total([0, 1, 2, 3].map((r) => C[r * 3 + k])) / 4),
  ],
  "variance": [
    () => t.variance(a, 1),
    byRow(A, 3, (r) => [total(r.map((x) => (x - total(r) / 3) ** 2)) / 3]),
  ],
  "reduceMax": [() => t.reduceMax(a, 1), byRow(A, 3, (r) => [Math.max(...r)])],
  "reduceMin": [() => t.min(a, 1), byRow(A, 3, (r) => [Math.min(...r)])],
  "argmax": [() => t.argmax(a), byRow(A, 3, (r) => [r.indexOf(Math.max(...r))])],
  "reshape": [() => t.reshape(a, [3, -1]), A],
  "transpose": [() => t.transpose(a), [0, 3, 1, 4, 2, 5].map((i) => A[i])],
  "broadcastTo": [() => t.broadcastTo(b, [2, 3]), [...B, ...B]],
  "expandDims squeeze": [() => t.squeeze(t.expandDims(a, 1)), A],
  "matmul": [() => t.matmul(a, t.transpose(c, [0, 2, 1])), [
    ...product(A, [0, 3, 1, 4, 2, 5].map((i) => C[i]), 2, 3, 2),
    ...product(A, [0, 3, 1, 4, 2, 5].map((i) => C[6 + i]), 2, 3, 2),
  ]],
  "matmul rows": [
    () => t.matmul(c, t.transpose(a)),
    product(C, [0, 3, 1, 4, 2, 5].map((i) => A[i]), 4, 3, 2),
  ],
  "matmul vector": [() => t.matmul(a, b), product(A, B, 2, 3, 1)],
  "bias is added": [
    () => t.add(t.matmul(c, t.transpose(a)), t.fromNumbers([10, 20], [2])),
    product(C, [0, 3, 1, 4, 2, 5].map((i) => A[i]), 4, 3, 2).map((x, i) => x + (i % 2 ? 20 : 10)),
  ],
  "concat": [() => t.concat([a, a], 1), [
    ...A.slice(0, 3),
    ...A.slice(0, 3),
    ...A.slice(3),
    ...A.slice(3),
  ]],
  "stack": [() => t.stack([b, b], 1), B.flatMap((x) => [x, x])],
  "split": [() => t.split(a, [1, 2], 1)[1], [1, 2, 4, 5].map((i) => A[i])],
  "slice": [() => t.slice(a, [0, -2], [1, 3]), [A[1], A[2]]],
  "slice backwards": [
    () => t.slice(a, [null, null], [null, null], [1, -2]),
    [2, 0, 5, 3].map((i) => A[i]),
  ],
  "pad": [() => t.pad(b, [[1, 2]], 9), [9, ...B, 9, 9]],
  "take": [() => t.take(a, i64([1, 0, -1])), [...A.slice(3), ...A.slice(0, 3), ...A.slice(3)]],
  "take int32 axis 1": [
    () => t.take(a, t.fromNumbers([2, 0], [2], "int32"), 1),
    [2, 0, 5, 3].map((i) => A[i]),
  ],
  "takeAlongAxis": [() => t.takeAlongAxis(a, i64([2, 0], [2, 1]), 1), [A[2], A[3]]],
  "scatterAdd": [
    () => t.scatterAdd(b, i64([1, 1, 0]), t.fromNumbers([10, 20, 30], [3])),
    [B[0] + 30, B[1] + 30, B[2]],
  ],
  "addAlongAxis": [
    () => t.addAlongAxis(a, i64([1, 1], [2, 1]), t.fromNumbers([5, 7], [2, 1]), 1),
    A.map((x, i) => x + [0, 5, 0, 0, 7, 0][i]),
  ],
  "iota oneHot": [() => t.oneHot(t.iota(2), 3), [1, 0, 0, 0, 1, 0]],
  "softmax": [() => t.softmax(a), byRow(A, 3, softmax)],
  "logSoftmax": [() => t.logSoftmax(a), byRow(A, 3, (r) => softmax(r).map(Math.log))],
  "logSumExp of large values": [
    () => t.logSumExp(t.add(a, 1000), 1),
    byRow(A, 3, (r) => [
      1000 + Math.log(total(r.map(Math.exp))),
    ]),
  ],
  "layerNorm": [
    () => t.layerNorm(c, b, t.fromNumbers([1, 2, 3], [3]), 1e-5),
    byRow(C, 3, (r) => {
      const m = total(r) / 3, s = Math.sqrt(total(r.map((x) => (x - m) ** 2)) / 3 + 1e-5);
      return r.map((x, i) => (x - m) / s * B[i] + i + 1);
    }),
  ],
  "crossEntropy": [
    () => t.crossEntropy(a, t.fromNumbers([2, 0], [2], "int32")),
    [-(Math.log(softmax(A.slice(0, 3))[2]) + Math.log(softmax(A.slice(3))[0])) / 2],
  ],
  "crossEntropy with mask": [
    () => t.crossEntropy(a, i64([2, 0]), { mask: t.fromNumbers([0, 1], [2]) }),
    [-Math.log(softmax(A.slice(3))[0])],
  ],
  "conv2d": [
    () =>
      t.conv2d(
        t.fromNumbers([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]),
        t.fromNumbers([1, 2, 3, 4], [1, 1, 2, 2]),
      ),
    [37, 47, 67, 77],
  ],
};

Deno.test("operators compute what host arithmetic computes", async () => {
  const names = Object.keys(cases);
  // An argument keeps every case from folding away.
  const results = await evaluate(
    (zero: t.Tensor) =>
      names.map((name) => {
        const y = cases[name][0]();
        return y.dtype === "float32" ? t.add(y, zero) : y;
      }),
    [t.zeros([])],
  );
  const failures = names.flatMap((name, i) => {
    const actual = t.toNumbers(results[i]);
    const worst = distance(actual, cases[name][1]);
    return worst < 2e-6 ? [] : [`${name}: ${actual} instead of ${cases[name][1]}`];
  });
  assert.deepEqual(failures, []);
});

Deno.test("erf() in float64 is accurate to rounding", async () => {
  const x = Array.from({ length: 121 }, (_, i) => (i - 60) / 20);
  const y = await evaluate((x: t.Tensor) => t.erf(x), [t.fromNumbers(x, [121], "float64")]);
  assert.ok(distance(t.toNumbers(y), x.map(erf)) < 1e-12);
});

Deno.test("conv2d() and its gradients in float32 agree with their float64 forms", async () => {
  const f = (dtype: t.DType, stride: number) => {
    const x = values([2, 3, 7, 6], 1, dtype), w = values([4, 3, 3, 2], 2, dtype);
    return evaluate(
      (x: t.Tensor, w: t.Tensor) => {
        const [y, g] = t.valueAndGrad((p: { x: t.Tensor; w: t.Tensor }) =>
          t.sum(t.square(t.conv2d(p.x, p.w, { stride, padding: [1, 2], dilation: [1, 2] })))
        )({ x, w });
        return [y, g.x, g.w];
      },
      [x, w],
    );
  };
  for (const stride of [1, 2]) {
    const [single, double] = [await f("float32", stride), await f("float64", stride)];
    single.forEach((y, i) => {
      assert.deepEqual(y.shape, double[i].shape);
      assert.ok(distance(t.toNumbers(y), t.toNumbers(double[i])) < 1e-4, `stride ${stride}`);
    });
  }
});
