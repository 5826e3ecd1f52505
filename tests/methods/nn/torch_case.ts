// Runs a layer with the weights and inputs of a case of tests/reference/networks.py, and compares.

import assert from "node:assert/strict";
import { torchWeights, type WeightReader } from "../../../methods/nn/mod.ts";
import {
  add,
  asTensor,
  compile,
  constant,
  fromNumbers,
  type Host,
  load,
  mul,
  type NdArray,
  type SpecOf,
  sum,
  type Tensor,
  type TensorLike,
  treeLeaves,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/networks.json" with { type: "json" };
import { assertCompact, type Compact, type Sample } from "./reference.ts";

interface Case {
  inputs: Record<string, number[]>;
  outputs: Record<string, Sample>;
  gradients: Record<string, Sample>;
  state: Record<string, Compact>;
}

const cases = reference.cases as unknown as Record<string, Case>;

/** A drawn array of a case, float64 of float32 numbers. */
export function draw(name: string, part: string, shape: readonly number[], std = 1): NdArray {
  const { data } = stream(5, "networks", name, part).normal(shape, { std });
  return fromNumbers(data as Float32Array, shape, "float64");
}

/** What a case computes: its outputs by name, and further results to return as they are. */
export interface Results<A> {
  outputs: Record<string, Tensor>;
  aux: A;
}

/**
 * Checks outputs and all gradients of a case in float64, and returns the further results.
 *
 * @param build parameters from torch's weights; called again with marked arrays, so that each element
 *   of a gradient tells which element of which of torch's gradients it is.
 */
export async function checkCase<P, A>(
  name: string,
  build: (weights: WeightReader) => P,
  run: (params: P, inputs: Record<string, Tensor>) => Results<A>,
  { tolerance = 1e-9, rest = {} }: { tolerance?: number; rest?: Record<string, NdArray> } = {},
): Promise<{ aux: Host<A>; state: Record<string, Compact> }> {
  const { inputs: shapes, outputs: expected, gradients, state } = cases[name];
  const weights = Object.fromEntries(
    Object.entries(gradients).filter(([key]) => !(key in shapes))
      .map(([key, { shape }]) => [key, draw(name, key, shape, 0.4)]),
  );
  const params = build(torchWeights({ ...weights, ...rest }));
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [key, draw(name, key, shape)]),
  );
  type Given = { params: P; inputs: Record<string, Tensor> };
  const f = (given: Given) => {
    const [[, results], gradient] = valueAndGrad(({ params, inputs }: Given) => {
      const { outputs, aux } = run(params, inputs);
      const weighted = Object.entries(outputs).map(([key, y]) =>
        sum(mul(y, constant(draw(name, `cotangent ${key}`, y.shape))))
      );
      return [weighted.reduce((a, b) => add(a, b)), { outputs, aux }] as const;
    }, { hasAux: true })(given);
    return { results, gradient };
  };
  const given = { params, inputs };
  const executable = await load(compile(f, [given as unknown as SpecOf<Given>]), {
    provider: "cpu",
  });
  const result = await executable.run(given as unknown as Host<Given>);
  await executable.dispose();
  const { outputs, aux } = result.results as { outputs: Record<string, NdArray>; aux: Host<A> };
  assert.deepEqual(Object.keys(outputs).sort(), Object.keys(expected).sort(), name);
  for (const [key, y] of Object.entries(outputs)) {
    assertCompact(y, expected[key], tolerance, `${name}: ${key}`);
  }
  checkGradients(
    gradients,
    (marked) => ({
      params: build(torchWeights(marked)),
      inputs: Object.fromEntries(Object.keys(shapes).map((key) => [key, marked[key]])),
    }),
    result.gradient,
    10 * tolerance,
    name,
  );
  return { aux, state };
}

/**
 * Checks a tree of gradients against torch's by name, however the tree cuts, turns and joins them.
 *
 * @param build the tree out of arrays by torch's names.
 */
export function checkGradients(
  gradients: Record<string, Sample>,
  build: (arrays: Record<string, NdArray>) => unknown,
  gradient: unknown,
  tolerance: number,
  name: string,
): void {
  // Every element of every array gets a number of its own.
  let next = 1;
  const first = new Map<string, number>();
  const marked = Object.fromEntries(
    Object.entries(gradients).map(([key, { shape }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      first.set(key, next);
      const numbers = Array.from({ length: size }, () => next++);
      return [key, fromNumbers(numbers, shape, "float64")];
    }),
  );
  const marks = treeLeaves(build(marked));
  const found = new Float64Array(next).fill(NaN);
  const leaves = treeLeaves(gradient);
  assert.deepEqual(leaves.map(({ path }) => path), marks.map(({ path }) => path));
  leaves.forEach(({ leaf }, i) => {
    const values = (leaf as NdArray).data, places = (marks[i].leaf as NdArray).data;
    for (let k = 0; k < values.length; k++) found[Number(places[k])] = Number(values[k]);
  });
  for (const [key, expected] of Object.entries(gradients)) {
    const { length } = marked[key].data, start = first.get(key)!;
    const values = found.slice(start, start + length);
    const what = `${name}: gradient of ${key}`;
    // What has no derivative but for rounding, such as biases before a normalisation.
    if (expected.meanSquare < 1e-24) {
      assert.ok(values.every((x) => Math.abs(x) < 1e-10), what);
    } else {
      const array = fromNumbers(values, expected.shape, "float64");
      assertCompact(array, expected, tolerance, what);
    }
  }
}

/** Queries, keys and values of a `torch.nn.MultiheadAttention`, whose weights lie one on another. */
export function attentionOf(weights: WeightReader, at: string, width: number) {
  const w = weights.array(`${at}in_proj_weight`, [3 * width, width]);
  const b = weights.array(`${at}in_proj_bias`, [3 * width]);
  const part = (i: number) => {
    const cut = (x: NdArray, size: number, shape: number[]) =>
      fromNumbers((x.data as Float64Array).slice(i * size, (i + 1) * size), shape, "float64");
    const named = { weight: cut(w, width * width, [width, width]), bias: cut(b, width, [width]) };
    return torchWeights({ "x.weight": named.weight, "x.bias": named.bias }).linear(
      "x",
      width,
      width,
    );
  };
  return {
    query: part(0),
    key: part(1),
    value: part(2),
    out: weights.linear(`${at}out_proj`, width, width),
  };
}

/** 1 where a position is within its sequence, int32 [batch, n]. */
export function presence(lengths: readonly number[], n: number): Tensor {
  const rows = lengths.flatMap((length) => Array.from({ length: n }, (_, i) => i < length ? 1 : 0));
  return asTensor(fromNumbers(rows, [lengths.length, n], "int32") as TensorLike);
}
