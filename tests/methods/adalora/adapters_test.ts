// Adapters at the start, their gradients, the penalty, and what is left after merging.

import assert from "node:assert/strict";
import {
  adapterScale,
  biasesOf,
  BOTTLENECK_PLACES,
  type BottleneckAdapters,
  initBottlenecks,
  initLora,
  initSvdAdapters,
  type LoraAdapters,
  mergeLora,
  mergeSvdAdapters,
  orthogonality,
  parameterCount,
  ranksOf,
  type SvdAdapters,
  withBiases,
  withBottlenecks,
  withLora,
  withoutDeadTriplets,
  withSvdAdapters,
} from "../../../methods/adalora/mod.ts";
import {
  type AnyBlock,
  block,
  initSeparateBlock,
  orthogonal,
  type SeparateBlockParams,
} from "../../../methods/nn/mod.ts";
import {
  add,
  fromNested,
  type Host,
  mul,
  type NdArray,
  ndarray,
  square,
  sub,
  sum,
  type Tensor,
  toNumbers,
  treeLeaves,
  treeMap,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { relativeError } from "../nn/reference.ts";
import { distance, evaluate } from "../tensor/harness.ts";

const frozen = initSeparateBlock(stream(1, "block"), 8, 12);
const x = stream(1, "x").normal([3, 4, 8]);
const scale = adapterScale(16, 3);
const apply = (params: AnyBlock, x: Tensor) => block(params, x, { heads: 2 });
const plain = (p: SeparateBlockParams, x: Tensor) => apply(p, x);
const adapted = (p: SeparateBlockParams, a: SvdAdapters, x: Tensor) =>
  apply(withSvdAdapters(p, a, scale), x);

/** Adapters with a Λ that is not zero, except where a triplet is dead. */
function trained(dead: (path: string, i: number) => boolean = () => false): SvdAdapters<NdArray> {
  const start = initSvdAdapters(stream(2), frozen, { rank: 3, std: 0.4 });
  return Object.fromEntries(
    Object.entries(start).map(([path, adapter]) => {
      const lambda = stream(2, path, "lambda").normal([3]);
      lambda.data.forEach((_, i) => dead(path, i) && (lambda.data[i] = 0));
      return [path, { ...adapter, lambda }];
    }),
  );
}

Deno.test("SVD adapters, LoRA and bottlenecks leave the network unchanged at the start", async () => {
  const expected = toNumbers(await evaluate(plain, [frozen, x]));
  const svd = initSvdAdapters(stream(3), frozen, { rank: 3 });
  assert.deepEqual(toNumbers(await evaluate(adapted, [frozen, svd, x])), expected);
  const lora = initLora(stream(3), frozen, { rank: 2 });
  const withRanks = (p: SeparateBlockParams, a: LoraAdapters, x: Tensor) =>
    apply(withLora(p, a, 8), x);
  assert.deepEqual(toNumbers(await evaluate(withRanks, [frozen, lora, x])), expected);
  for (const [name, count] of [["houlsby", 2], ["pfeiffer", 1]] as const) {
    const where = BOTTLENECK_PLACES[name];
    const narrow = initBottlenecks(stream(3), frozen, { hidden: 4, where });
    assert.equal(Object.keys(narrow).length, count);
    const behind = (p: SeparateBlockParams, a: BottleneckAdapters, x: Tensor) =>
      apply(withBottlenecks(p, a), x);
    assert.deepEqual(toNumbers(await evaluate(behind, [frozen, narrow, x])), expected);
  }
});

Deno.test("at step 0 the gradient of P and Q is zero and that of Λ is not", async () => {
  const gradient = (p: SeparateBlockParams, a: SvdAdapters, x: Tensor) =>
    valueAndGrad((a: SvdAdapters) => sum(square(adapted(p, a, x))))(a)[1];
  const start = initSvdAdapters(stream(3), frozen, { rank: 3 });
  const found = await evaluate(gradient, [frozen, start, x]);
  for (const [path, { q, lambda, p }] of Object.entries(found)) {
    assert.ok(toNumbers(q).every((g) => g === 0) && toNumbers(p).every((g) => g === 0), path);
    assert.ok(toNumbers(lambda).every((g) => g !== 0), path);
  }
});

Deno.test("the penalty has the printed and the published value, by hand", async () => {
  // PPᵀ = [[4]], QᵀQ = [[9]]: distances 3 and 8.
  const one = {
    a: { q: fromNested([[3], [0]]), lambda: fromNested([1]), p: fromNested([[0, 2]]) },
  };
  const code = (a: SvdAdapters) => orthogonality(a);
  const printed = (a: SvdAdapters) => orthogonality(a, { form: "printed" });
  assert.ok(distance(toNumbers(await evaluate(code, [one])), [5.5]) < 1e-6);
  assert.ok(distance(toNumbers(await evaluate(printed, [one])), [73]) < 1e-6);
});

Deno.test("the penalty's gradient agrees with differences, and is zero at orthonormal factors", async () => {
  const wide = <T>(tree: T) =>
    treeMap<T>((leaf) => {
      const { data, shape } = leaf as NdArray;
      return ndarray(Float64Array.from(data as Float32Array), shape);
    }, tree);
  const point = wide(trained());
  const along = treeMap<SvdAdapters<NdArray>>(
    (leaf, path) => stream(4, path).normal((leaf as NdArray).shape, { dtype: "float64" }),
    point,
  );
  for (const form of ["code", "printed"] as const) {
    const penalty = (a: SvdAdapters) => orthogonality(a, { form });
    const f = (a: SvdAdapters, v: SvdAdapters) => {
      const dot = treeLeaves(treeMap((g, _, v) => mul(g, v), valueAndGrad(penalty)(a)[1], v))
        .map(({ leaf }) => sum(leaf)).reduce((a, b) => add(a, b));
      const at = (t: number) => penalty(treeMap<SvdAdapters>((x, _, v) => add(x, mul(v, t)), a, v));
      return [dot, mul(sub(at(1e-5), at(-1e-5)), 0.5e5)] as const;
    };
    const [exact, difference] = await evaluate(f, [point, along]);
    assert.ok(distance(toNumbers(exact), toNumbers(difference)) < 1e-8, form);
  }
  const orthonormal = {
    a: {
      q: orthogonal(stream(5), [6, 2]),
      lambda: fromNested([1, 1]),
      p: orthogonal(stream(6), [2, 4]),
    },
  };
  // Exactly orthonormal ones too: unit vectors.
  const exact = {
    a: {
      q: fromNested([[1, 0], [0, 1], [0, 0]]),
      lambda: fromNested([1, 1]),
      p: fromNested([[1, 0], [0, 1]]),
    },
  };
  const gradient = (a: SvdAdapters) => valueAndGrad((a: SvdAdapters) => orthogonality(a))(a);
  const [value] = await evaluate(gradient, [orthonormal]);
  assert.ok(Math.abs(Number(value.data[0])) < 1e-6);
  const [none, slopes] = await evaluate(gradient, [exact]);
  assert.equal(Number(none.data[0]), 0);
  for (const { leaf } of treeLeaves(slopes)) {
    assert.ok(toNumbers(leaf as NdArray).every((g) => g === 0));
  }
});

Deno.test("merged weights give what adapters give; dead triplets and empty adapters go", async () => {
  const adapters = trained((path, i) => path === "mlp.up" || i === 1);
  assert.deepEqual(Object.values(ranksOf(adapters)).sort(), [0, 2, 2, 2, 2, 2]);
  const expected = toNumbers(await evaluate(adapted, [frozen, adapters, x]));
  const small = withoutDeadTriplets(adapters);
  assert.equal(Object.keys(small).length, 5);
  // Four maps 8 × 8 and one 12 × 8, of rank 2.
  assert.equal(parameterCount(small), 2 * (4 * 17 + 21));
  assert.ok(distance(toNumbers(await evaluate(adapted, [frozen, small, x])), expected) < 1e-6);
  const merged = mergeSvdAdapters(frozen, adapters, scale);
  assert.ok(distance(toNumbers(await evaluate(plain, [merged, x])), expected) < 1e-5);
  // The frozen weights are not changed by merging.
  assert.notDeepEqual(merged.attention.query.w, frozen.attention.query.w);
  assert.deepEqual(merged.mlp.up.w, frozen.mlp.up.w);

  const lora = treeMap<LoraAdapters<NdArray>>(
    (leaf, path) => stream(7, path).normal((leaf as NdArray).shape, { std: 0.3 }),
    initLora(stream(7), frozen, { rank: 2 }),
  );
  const low = (p: SeparateBlockParams, a: LoraAdapters, x: Tensor) => apply(withLora(p, a, 2), x);
  const loraMerged = toNumbers(await evaluate(plain, [mergeLora(frozen, lora, 2), x]));
  assert.ok(relativeError(loraMerged, toNumbers(await evaluate(low, [frozen, lora, x]))) < 1e-5);
});

Deno.test("biases are those of linear maps and layer norms, and can be replaced", async () => {
  const biases = biasesOf(frozen);
  // Six maps and two norms.
  assert.equal(Object.keys(biases).length, 8);
  const moved: Record<string, NdArray> = Object.fromEntries(
    Object.entries(biases).map(([path, { shape }]) => [path, stream(8, path).normal(shape)]),
  );
  const f = (p: SeparateBlockParams, b: Record<string, Tensor>, x: Tensor) =>
    apply(withBiases(p, b), x);
  const found = await evaluate(f, [frozen, moved, x]);
  const onHost = withBiases(frozen, moved) as Host<SeparateBlockParams>;
  assert.deepEqual(toNumbers(found), toNumbers(await evaluate(plain, [onHost, x])));
  assert.notDeepEqual(toNumbers(found), toNumbers(await evaluate(plain, [frozen, x])));
});
