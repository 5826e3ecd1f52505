// Compressed maps without their zero rows: what is stored and computed after pruning.

import {
  add,
  concat,
  constant,
  fromNumbers,
  type NdArray,
  oneHot,
  take,
  type Tensor,
  zeros,
} from "../tensor/mod.ts";
import {
  type LinearArrays,
  linearArrays,
  mapLinears,
  project,
  type Replaced,
  withLinearArrays,
} from "../nn/mod.ts";
import type { LowRank, LowRanks } from "./split.ts";

/** One map: a low-rank part, the output neurons of S that are left, a bias; each part if there is one. */
export type CompactLinear<L = Tensor> = {
  lowRank?: LowRank<L>;
  sparse?: {
    /** Columns of S [in, kept] that are not all zero. */
    w: L;
    /** Where each output finds its column: its place in `w`, or `kept` where it has none; int32 [out]. */
    place: L;
  };
  bias: L;
};

/** A network whose compressed maps stand apart; in `params` placeholders of one zero are left. */
export interface Compact<P> {
  params: P;
  maps: { [path: string]: CompactLinear<NdArray> };
}

/** What a compressed network consists of, counting its compressed maps alone, without biases. */
export interface RemainingEntries {
  /** Entries of the weights before compression. */
  dense: number;
  /** Entries of all L and R. */
  lowRank: number;
  /** Entries of the rows of S that are left. */
  sparse: number;
  /** (low rank + sparse)/dense: the realised remaining ratio. */
  ratio: number;
}

/** Columns of w [in, out] with an entry that is not zero. (A sum may cancel, so sums do not tell.) */
function liveColumns({ data, shape: [inputs, outputs] }: NdArray): number[] {
  const live: number[] = [];
  for (let j = 0; j < outputs; j++) {
    for (let i = 0; i < inputs; i++) {
      if (data[i * outputs + j] !== 0) {
        live.push(j);
        break;
      }
    }
  }
  return live;
}

function columnsOf(w: NdArray, columns: readonly number[]): NdArray {
  const [inputs, outputs] = w.shape, kept = columns.length;
  const at = (k: number) => Number(w.data[Math.floor(k / kept) * outputs + columns[k % kept]]);
  return fromNumbers(
    Array.from({ length: inputs * kept }, (_, k) => at(k)),
    [inputs, kept],
    w.dtype,
  );
}

/**
 * Takes the rows that pruning left zero out of the maps at the given paths, and keeps low-rank parts.
 *
 * @param params a tree of host arrays as trained: chosen maps hold S, or a placeholder.
 * @param paths of the compressed maps; those with a low-rank part are among them in any case.
 */
export function compact<P>(
  params: P,
  lowRanks: LowRanks<NdArray>,
  paths: readonly string[] = Object.keys(lowRanks),
): Compact<P> {
  const maps: Compact<P>["maps"] = {};
  const placeholders: LinearArrays = {};
  const chosen = linearArrays(params, (path) => path in lowRanks || paths.includes(path));
  for (const [path, { w, b }] of Object.entries(chosen)) {
    const lowRank = lowRanks[path];
    const outputs = b.shape[0];
    const live = w.shape[1] === outputs ? liveColumns(w) : [];
    const place = new Array<number>(outputs).fill(live.length);
    live.forEach((column, k) => place[column] = k);
    maps[path] = {
      ...(lowRank ? { lowRank } : {}),
      ...(live.length > 0
        ? { sparse: { w: columnsOf(w, live), place: fromNumbers(place, [outputs], "int32") } }
        : {}),
      bias: b,
    };
    placeholders[path] = { w: zeros([1, 1], w.dtype), b: zeros([1], w.dtype) };
  }
  return { params: withLinearArrays(params, placeholders), maps };
}

/** y[..., live] from x S_live, zero elsewhere. */
function scattered(x: Tensor, { w, place }: NonNullable<CompactLinear["sparse"]>): Tensor {
  const y = project(w, x);
  const [kept] = w.shape.slice(1), [outputs] = place.shape;
  if (kept === outputs) return y;
  const none = constant(zeros([...y.shape.slice(0, -1), 1], y.dtype));
  return take(concat([y, none], -1), place, y.shape.length - 1);
}

/**
 * [L, S_live] and [R; E] with E [kept, out] one-hot, so that x S_live lands in its columns: kept rows as
 * further ranks, each of which writes to one output. Two products then do all, without a gather and a
 * sum over all outputs. E is written as a comparison, which runtimes fold when they load a model, so
 * that the file holds places only.
 */
function merged({ left, right }: LowRank, { w, place }: NonNullable<CompactLinear["sparse"]>) {
  // Outputs without a kept row have a place outside, which gives zeros.
  const rows = oneHot(place, w.shape[1], right.dtype, 0);
  return { left: concat([left, w], 1), right: concat([right, rows], 0) };
}

/** Whether two products by way of r + kept numbers cost less than one by W. */
function isSlim({ left, right }: LowRank, kept: number): boolean {
  const inputs = left.shape[0], [rank, outputs] = right.shape;
  return (inputs + outputs) * (rank + kept) < inputs * outputs;
}

/** The tree with compressed maps in their places. */
export function withCompact<P>(
  params: P,
  maps: { readonly [path: string]: CompactLinear },
): Replaced<P> {
  return mapLinears(params, (map, path) => {
    const compressed = maps[path];
    if (!compressed) return map;
    const { lowRank, sparse, bias } = compressed;
    const slim = lowRank && sparse && isSlim(lowRank, sparse.w.shape[1])
      ? merged(lowRank, sparse)
      : null;
    return (x) => {
      if (slim) return add(project(slim.right, project(slim.left, x)), bias);
      const parts = [
        ...(lowRank ? [project(lowRank.right, project(lowRank.left, x))] : []),
        ...(sparse ? [scattered(x, sparse)] : []),
      ];
      if (parts.length > 0) return add(parts.reduce((a, b) => add(a, b)), bias);
      const rows = constant(zeros([...x.shape.slice(0, -1), 1], x.dtype));
      return add(rows, bias);
    };
  });
}

/** Counts what is left of the compressed maps of a network. */
export function remainingEntries(
  { maps }: Compact<unknown>,
  dense: LinearArrays,
): RemainingEntries {
  const sum = (f: (path: string) => number) =>
    Object.keys(maps).reduce((total, path) => total + f(path), 0);
  const size = (x?: NdArray) => x?.data.length ?? 0;
  const all = sum((path) => size(dense[path].w));
  const lowRank = sum((path) => size(maps[path].lowRank?.left) + size(maps[path].lowRank?.right));
  const sparse = sum((path) => size(maps[path].sparse?.w));
  return { dense: all, lowRank, sparse, ratio: (lowRank + sparse) / all };
}
