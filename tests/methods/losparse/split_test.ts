// Singular values and the split: known matrices, optimality, an unchanged network, the premise measured.

import assert from "node:assert/strict";
import {
  type LowRanks,
  premiseOf,
  rankOfRatio,
  residualsOf,
  splitLinears,
  svd,
  withLowRanks,
} from "../../../methods/losparse/mod.ts";
import {
  block,
  initSeparateBlock,
  linearArrays,
  orthogonal,
  type SeparateBlockParams,
} from "../../../methods/nn/mod.ts";
import {
  fromNested,
  type NdArray,
  square,
  sum,
  type Tensor,
  toNumbers,
  treeLeaves,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { distance, evaluate } from "../tensor/harness.ts";

/** a b of float64 accumulation, row-major. */
function product(a: NdArray, b: NdArray): number[] {
  const [m, k] = a.shape, [, n] = b.shape;
  return Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += Number(a.data[Math.floor(at / n) * k + i]) * Number(b.data[i * n + at % n]);
    }
    return sum;
  });
}

const squaredNorm = (x: readonly number[]) => x.reduce((sum, v) => sum + v * v, 0);
const minus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i]);

Deno.test("svd() gives back tall, wide, square and deficient matrices from orthonormal factors", () => {
  const deficient = fromNested([[1, 2, 3], [2, 4, 6], [0, 0, 0], [1, 1, 1]]);
  const matrices = [
    stream(1).normal([9, 4]),
    stream(2).normal([3, 7]),
    stream(3).normal([6, 6]),
    deficient,
  ];
  for (const x of matrices) {
    const { u, s, v } = svd(x);
    const [m, n] = x.shape, k = Math.min(m, n);
    const scaled = {
      ...u,
      data: Float64Array.from(u.data as Float64Array, (a, i) => a * s[i % k]),
    };
    const vt: NdArray = {
      dtype: "float64",
      shape: [k, n],
      data: Float64Array.from(
        { length: k * n },
        (_, i) => Number(v.data[i % n * k + Math.floor(i / n)]),
      ),
    };
    assert.ok(distance(product(scaled, vt), toNumbers(x)) < 1e-13);
    assert.ok(s.every((value, i) => i === 0 || value <= s[i - 1]));
  }
  const { s, u } = svd(deficient);
  assert.equal(s[2], 0);
  assert.ok(toNumbers(u).every(Number.isFinite));
  assert.deepEqual([...svd(fromNested([[0, 0], [0, 0]])).s], [0, 0]);
  assert.throws(() => svd(fromNested([[1, NaN]])), /not all finite/);
  assert.throws(() => svd(fromNested([1, 2])), /no matrix/);
});

const block8 = initSeparateBlock(stream(4, "block"), 8, 12);
const x = stream(4, "x").normal([2, 3, 8]);
const plain = (p: SeparateBlockParams, x: Tensor) => block(p, x, { heads: 2 });
const splitForward = (p: SeparateBlockParams, l: LowRanks, x: Tensor) =>
  block(withLowRanks(p, l), x, { heads: 2 });

Deno.test("a split network computes what it did, and its parts add up to the weights", async () => {
  const { params, lowRanks } = splitLinears(block8, { ratio: 0.4 });
  const expected = toNumbers(await evaluate(plain, [block8, x]));
  const found = toNumbers(await evaluate(splitForward, [params, lowRanks, x]));
  assert.ok(distance(found, expected) < 1e-5);
  const rest = residualsOf<NdArray>(params, Object.keys(lowRanks));
  for (const [path, { w }] of Object.entries(linearArrays(block8))) {
    const { left, right } = lowRanks[path];
    const sums = product(left, right).map((y, i) => y + Number(rest[path].data[i]));
    const worst = Math.max(...minus(sums, toNumbers(w)).map(Math.abs));
    assert.ok(worst < 1e-6, `${path}: ${worst}`);
  }
});

Deno.test("joined maps have the values and gradients of parts apart; dropped residuals stay apart", async () => {
  const lossOf = (form: "apart" | "joined") => (p: SeparateBlockParams, l: LowRanks, x: Tensor) =>
    sum(square(block(withLowRanks(p, l, { form }), x, { heads: 2 })));
  const { params, lowRanks } = splitLinears(block8, { ratio: 0.4 });
  const leaves = async (form: "apart" | "joined") => {
    const results = await evaluate(
      (p: SeparateBlockParams, l: LowRanks, x: Tensor) =>
        valueAndGrad(([p, l]: [SeparateBlockParams, LowRanks]) => lossOf(form)(p, l, x))([p, l]),
      [params, lowRanks, x],
    );
    return treeLeaves(results).map(({ leaf }) => toNumbers(leaf as NdArray));
  };
  const [apart, joined] = [await leaves("apart"), await leaves("joined")];
  assert.equal(joined.length, apart.length);
  joined.forEach((values, i) => {
    const scale = Math.max(1, ...apart[i].map(Math.abs));
    assert.ok(distance(values, apart[i]) < 1e-5 * scale, `leaf ${i}`);
  });
  const bare = splitLinears(block8, { ratio: 0.4, residual: "dropped" });
  const both = await Promise.all((["apart", "joined"] as const).map(async (form) => {
    return toNumbers(await evaluate(lossOf(form), [bare.params, bare.lowRanks, x]) as NdArray);
  }));
  assert.deepEqual(both[0], both[1]);
});

Deno.test("the low-rank part is the best of its rank (Eckart and Young)", () => {
  const { w } = block8.mlp.up;
  const wide = { ...block8, mlp: { ...block8.mlp, up: { ...block8.mlp.up, w } } };
  const { lowRanks } = splitLinears(wide, { ratio: 0.4, where: (path) => path === "mlp.up" });
  const { left, right } = lowRanks["mlp.up"];
  const rank = rankOfRatio(0.4, 8, 12);
  assert.equal(rank, 2);
  const { s } = svd(w);
  const error = squaredNorm(minus(toNumbers(w), product(left, right)));
  const tail = squaredNorm([...s.subarray(rank)]);
  assert.ok(Math.abs(error / tail - 1) < 1e-5, `${error} ${tail}`);
  // No other of that rank comes near: projections on random planes leave more.
  for (let seed = 0; seed < 20; seed++) {
    const q = orthogonal(stream(seed, "plane"), [8, rank]);
    const qt: NdArray = {
      dtype: "float32",
      shape: [rank, 8],
      data: Float32Array.from(
        { length: rank * 8 },
        (_, i) => Number(q.data[i % 8 * rank + Math.floor(i / 8)]),
      ),
    };
    const inside: NdArray = {
      dtype: "float32",
      shape: [rank, 12],
      data: Float32Array.from(product(qt, w)),
    };
    assert.ok(squaredNorm(minus(toNumbers(w), product(q, inside))) > tail);
  }
});

Deno.test("ranks are those of the published sizes", () => {
  assert.equal(rankOfRatio(0.05, 768, 768), 20);
  assert.equal(rankOfRatio(0.05, 768, 3072), 31);
  assert.equal(rankOfRatio(0.35, 1024, 1024), 180);
  assert.throws(() => rankOfRatio(0, 8, 8), /above 0/);
});

Deno.test("factors of zeros have no gradient and low rank alone drops the residual", async () => {
  const zeros = splitLinears(block8, { ratio: 0.4, init: "zeros" });
  const gradient = (p: SeparateBlockParams, l: LowRanks, x: Tensor) =>
    valueAndGrad((l: LowRanks) => sum(square(splitForward(p, l, x))))(l)[1];
  const slopes = await evaluate(gradient, [zeros.params, zeros.lowRanks, x]);
  for (const { leaf, path } of treeLeaves(slopes)) {
    assert.ok(toNumbers(leaf as NdArray).every((g) => g === 0), path);
  }
  const low = splitLinears(block8, { ratio: 0.4, residual: "dropped" });
  assert.deepEqual(low.params.mlp.up.w.shape, [1, 1]);
  const { left, right } = low.lowRanks["mlp.up"];
  const products = Float32Array.from(product(left, right));
  const whole = {
    ...low.params,
    mlp: {
      ...low.params.mlp,
      up: {
        ...low.params.mlp.up,
        w: { dtype: "float32" as const, shape: [8, 12], data: products },
      },
    },
  };
  const { ["mlp.up"]: _, ...others } = low.lowRanks;
  const found = toNumbers(await evaluate(splitForward, [low.params, low.lowRanks, x]));
  const expected = toNumbers(await evaluate(splitForward, [whole, others, x]));
  assert.ok(distance(found, expected) < 1e-5);
});

Deno.test("the premise tells coherent weights with strong neurons from normal ones", () => {
  const normal = stream(6, "w").normal([20, 30]);
  const a = stream(6, "a").normal([20, 2]), b = stream(6, "b").normal([2, 30]);
  const coherent = product(a, b);
  const planted: NdArray = {
    ...normal,
    data: Float32Array.from(
      normal.data as Float32Array,
      (v, i) => 0.1 * v * (i % 30 < 2 ? 60 : 1) + coherent[i],
    ),
  };
  const one = premiseOf(normal, 2), other = premiseOf(planted, 2);
  assert.ok(one.tail > 0.7 && one.kurtosis < 4, JSON.stringify(one));
  assert.ok(other.tail < one.tail && other.kurtosis > 6, JSON.stringify(other));
});
