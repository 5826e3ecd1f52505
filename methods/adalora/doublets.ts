// LoRA: low-rank updates without singular values, and their doublets as groups to prune.

import {
  abs,
  add,
  mean,
  mul,
  type NdArray,
  reduceMax,
  reshape,
  type Tensor,
  zeros,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { linear, linearArrays, mapLinears, project, type Replaced } from "../nn/mod.ts";
import { entriesOf, type Groups, groupsByPath } from "../budget/mod.ts";
import type { AdapterOptions } from "./triplets.ts";

/** ΔW = a b (LoRA, arXiv 2106.09685, with its A = aᵀ and B = bᵀ): doublet i is column i of a, row i of b. */
export type LoraAdapter<L = Tensor> = {
  /** [in, r] */
  a: L;
  /** [r, out] */
  b: L;
};

/** Adapters by the paths of the linear maps beside which they stand. */
export type LoraAdapters<L = Tensor> = { [path: string]: LoraAdapter<L> };

/** a uniform within ±1/√in, as LoRA's published code begins, and b = 0; from children named by path. */
export function initLora(
  stream: Stream,
  params: unknown,
  { rank, where }: Omit<AdapterOptions, "std">,
): LoraAdapters<NdArray> {
  const maps = Object.entries(linearArrays(params, where));
  return Object.fromEntries(maps.map(([path, { w: { shape: [inputs, outputs] } }]) => {
    const bound = 1 / Math.sqrt(inputs);
    const a = stream.child(path, "a").uniform([inputs, rank], { low: -bound, high: bound });
    return [path, { a, b: zeros([rank, outputs]) }];
  }));
}

/** The parameter tree with LoRA beside its maps: x W + b + scale·(x a) b; `scale` is α/r. */
export function withLora<T>(params: T, adapters: LoraAdapters, scale: number): Replaced<T> {
  return mapLinears(params, (map, path) => {
    const adapter = adapters[path];
    if (!adapter) return map;
    return (x) => add(linear(map, x), project(adapter.b, project(mul(adapter.a, scale), x)));
  });
}

/**
 * The doublets of all adapters (the first variant of AdaLoRA's Table 4): scored by the sum of the
 * means of s(a) and s(b), and zeroed in both. One that is cut has no gradient, so that only the
 * momentum of an optimiser can bring it back, where a triplet of AdaLoRA keeps P and Q.
 */
export function doubletGroups(
  like: LoraAdapters<{ shape: readonly number[] }>,
): Groups<LoraAdapters> {
  return {
    entries: entriesOf(like),
    ...groupsByPath<LoraAdapter<{ shape: readonly number[] }>, LoraAdapter>(like, {
      count: ({ b }) => b.shape[0],
      pool: ({ a, b }) => add(mean(a, [0]), mean(b, [1])),
      apply: ({ a, b }, mask) => ({ a: mul(a, mask), b: mul(b, reshape(mask, [-1, 1])) }),
      size: ({ a, b }) => add(reduceMax(abs(a), [0]), reduceMax(abs(b), [1])),
    }),
  };
}
