// Every linear map of a model replaced: by an adapter, a factorised map, a pruned one.

import { isNdArray, type NdArray, Tensor } from "../tensor/mod.ts";
import type { Linear, LinearParams } from "./layers.ts";

/** A parameter tree in which any linear map may have become a function. */
export type Replaced<P> = P extends LinearParams ? Linear
  : P extends Tensor | NdArray ? P
  : P extends readonly unknown[] | object ? { [K in keyof P]: Replaced<P[K]> }
  : P;

const isLinear = (node: unknown): node is LinearParams => {
  if (typeof node !== "object" || node === null) return false;
  const keys = Object.keys(node);
  if (keys.length !== 2 || !keys.includes("w") || !keys.includes("b")) return false;
  // Convolutions have weights of that name too, of more axes.
  return (node as LinearParams).w.shape?.length === 2;
};

/**
 * A parameter tree with `f(map, path)` in the place of each linear map `{ w, b }`: other weights, or
 * a function x [..., in] → [..., out]. Called while tracing, so that gradients reach whatever tensors
 * `f` uses; the tree given to `compile` stays one of plain arrays.
 *
 * @param f gets paths like `blocks.0.attention.query`; it returns the map itself to keep it.
 *
 * @example
 * ```ts
 * import { add, matmul, type Tensor } from "../tensor/mod.ts";
 * import { type AnyBlock, block, linear, mapLinears, type SeparateBlockParams } from "./mod.ts";
 *
 * // Low-rank adapters beside frozen weights: W + A B for every map that has one.
 * type Adapters = Record<string, { a: Tensor; b: Tensor }>;
 * const adapted = (base: SeparateBlockParams, adapters: Adapters, x: Tensor) => {
 *   const params: AnyBlock = mapLinears(base, (map, path) => {
 *     const adapter = adapters[path];
 *     if (!adapter) return map;
 *     return (x) => add(linear(map, x), matmul(matmul(x, adapter.a), adapter.b));
 *   });
 *   return block(params, x, { heads: 4 });
 * };
 * ```
 */
export function mapLinears<P>(
  params: P,
  f: (map: LinearParams, path: string) => Linear,
): Replaced<P> {
  const visit = (node: unknown, path: string): unknown => {
    if (isLinear(node)) return f(node, path);
    const leaf = node instanceof Tensor || isNdArray(node);
    if (leaf || typeof node !== "object" || node === null) return node;
    const at = (key: string | number) => path === "" ? `${key}` : `${path}.${key}`;
    if (Array.isArray(node)) return node.map((item, i) => visit(item, at(i)));
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, visit(value, at(key))]),
    );
  };
  return visit(params, "") as Replaced<P>;
}

/** Paths of all linear maps of a parameter tree, of arrays or tensors, in its own order. */
export function linearPaths(params: unknown): string[] {
  const paths: string[] = [];
  mapLinears(params, (map, path) => {
    paths.push(path);
    return map;
  });
  return paths;
}
