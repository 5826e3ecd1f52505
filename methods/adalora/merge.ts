// What is left of adapters after training: ranks, adapters without dead triplets, merged weights.

import { fromNumbers, type NdArray, toNumbers } from "../tensor/mod.ts";
import { type LinearArrays, linearArrays, withLinearArrays } from "../nn/mod.ts";
import type { LoraAdapters } from "./doublets.ts";
import type { SvdAdapters } from "./triplets.ts";

/** Triplets with λ ≠ 0 of each adapter, by path: the ranks that the budget came to. */
export function ranksOf(adapters: SvdAdapters<NdArray>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(adapters).map(([path, { lambda }]) => [
      path,
      toNumbers(lambda).filter((x) => x !== 0).length,
    ]),
  );
}

/** Numbers in the arrays of a tree of adapters. */
export function parameterCount(
  adapters: SvdAdapters<NdArray> | LoraAdapters<NdArray>,
): number {
  const arrays = Object.values(adapters).flatMap((adapter) => Object.values(adapter) as NdArray[]);
  return arrays.reduce((sum, { data }) => sum + data.length, 0);
}

/** The adapters without triplets of λ = 0, and without those of which none is left. */
export function withoutDeadTriplets(adapters: SvdAdapters<NdArray>): SvdAdapters<NdArray> {
  const kept: SvdAdapters<NdArray> = {};
  for (const [path, { q, lambda, p }] of Object.entries(adapters)) {
    const alive = toNumbers(lambda).flatMap((x, i) => x === 0 ? [] : [i]);
    if (alive.length === 0) continue;
    const [inputs, rank] = q.shape, [, outputs] = p.shape;
    const values = ({ data }: NdArray, count: number, at: (k: number) => number) =>
      Array.from({ length: count }, (_, k) => Number(data[at(k)]));
    const n = alive.length;
    kept[path] = {
      q: fromNumbers(
        values(q, inputs * n, (k) => Math.floor(k / n) * rank + alive[k % n]),
        [inputs, n],
        q.dtype,
      ),
      lambda: fromNumbers(values(lambda, n, (k) => alive[k]), [n], lambda.dtype),
      p: fromNumbers(
        values(p, n * outputs, (k) => alive[Math.floor(k / outputs)] * outputs + k % outputs),
        [n, outputs],
        p.dtype,
      ),
    };
  }
  return kept;
}

/** w + scale·left diag(weights) right, summed in float64; w [in, out], left [in, r], right [r, out]. */
function added(
  w: NdArray,
  left: NdArray,
  right: NdArray,
  scale: number,
  weights?: NdArray,
): NdArray {
  const [inputs, outputs] = w.shape, rank = right.shape[0];
  const sums = Float64Array.from(w.data as Float32Array);
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * Number(left.data[i * rank + k]) * Number(weights?.data[k] ?? 1);
      if (factor === 0) continue;
      for (let j = 0; j < outputs; j++) {
        sums[i * outputs + j] += factor * Number(right.data[k * outputs + j]);
      }
    }
  }
  return fromNumbers(sums, [inputs, outputs], w.dtype);
}

/** The tree with W + scale·P Λ Q for W: the same network without adapters. */
export function mergeSvdAdapters<T>(params: T, adapters: SvdAdapters<NdArray>, scale: number): T {
  const maps = linearArrays(params, (path) => path in adapters);
  const merged: LinearArrays = Object.fromEntries(
    Object.entries(maps).map(([path, { w, b }]) => {
      const { q, lambda, p } = adapters[path];
      return [path, { w: added(w, q, p, scale, lambda), b }];
    }),
  );
  return withLinearArrays(params, merged);
}

/** The tree with W + scale·a b for W. */
export function mergeLora<T>(params: T, adapters: LoraAdapters<NdArray>, scale: number): T {
  const maps = linearArrays(params, (path) => path in adapters);
  const merged: LinearArrays = Object.fromEntries(
    Object.entries(maps).map(([path, { w, b }]) => {
      const { a, b: right } = adapters[path];
      return [path, { w: added(w, a, right, scale), b }];
    }),
  );
  return withLinearArrays(params, merged);
}
