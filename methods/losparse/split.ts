// Weights as a low-rank product and a residual beside it: the split at the start, and the forward pass.

import {
  add,
  type DType,
  fromNumbers,
  matmul,
  type NdArray,
  type Tensor,
  zeros,
} from "../tensor/mod.ts";
import {
  linear,
  type LinearArrays,
  linearArrays,
  mapLinears,
  project,
  type Replaced,
  withLinearArrays,
} from "../nn/mod.ts";
import { firstColumns, type LeadingSvd, leadingSvd } from "./leading_svd.ts";

/**
 * L R of a weight [in, out], laid out for x W: `left` is Rᵀ and `right` Lᵀ of y = L(R x) (LoSparse,
 * arXiv 2306.11222).
 */
export type LowRank<L = Tensor> = {
  /** [in, r] */
  left: L;
  /** [r, out] */
  right: L;
};

/** Low-rank parts by the paths of the linear maps that they belong to. */
export type LowRanks<L = Tensor> = { [path: string]: LowRank<L> };

/** Settings of {@link splitLinears}. */
export interface SplitOptions {
  /** ρ, share of a weight's entries that its low-rank part may have; above 0. */
  ratio: number;
  /** Which linear maps, by path. @default all */
  where?: (path: string) => boolean;
  /**
   * `svd`: the best approximation. `zeros`: both factors zero, a control; they have no gradient then
   * and stay so.
   * @default "svd"
   */
  init?: "svd" | "zeros";
  /** Factors of the same weights that were computed before, of this rank or a higher one. */
  factors?: LowRanks<NdArray>;
  /**
   * What becomes of W − L R. `kept`: it is the weight of the map from now on, so that the network is
   * unchanged. `dropped`: low rank only; the map's weight is a placeholder of one zero.
   * @default "kept"
   */
  residual?: "kept" | "dropped";
}

/** A network whose chosen maps are split. */
export interface Split<P> {
  /** The same tree; the weights of chosen maps are their residuals S. */
  params: P;
  lowRanks: LowRanks<NdArray>;
}

/** r = ⌈ρ·in·out/(in + out)⌉: the rank at which L and R have ρ of the entries of W, rounded up. */
export function rankOfRatio(ratio: number, inputs: number, outputs: number): number {
  if (!(ratio > 0)) throw new RangeError(`a ratio of ${ratio} leaves no rank; it must be above 0`);
  return Math.min(Math.ceil(ratio * inputs * outputs / (inputs + outputs)), inputs, outputs);
}

/**
 * U_r √Σ_r and √Σ_r V_rᵀ of a decomposition. Those of a lower rank are their first columns and rows,
 * {@link leadingFactors}.
 */
export function factorsOf({ u, s, v }: LeadingSvd, dtype: DType): LowRank<NdArray> {
  const [inputs, rank] = u.shape, [outputs] = v.shape;
  const left = new Float64Array(inputs * rank), right = new Float64Array(rank * outputs);
  for (let k = 0; k < rank; k++) {
    const root = Math.sqrt(s[k]);
    for (let i = 0; i < inputs; i++) left[i * rank + k] = root * Number(u.data[i * rank + k]);
    for (let j = 0; j < outputs; j++) right[k * outputs + j] = root * Number(v.data[j * rank + k]);
  }
  return {
    left: fromNumbers(left, [inputs, rank], dtype),
    right: fromNumbers(right, [rank, outputs], dtype),
  };
}

/**
 * The factors of a lower rank.
 *
 * @throws RangeError when they have less.
 */
export function leadingFactors({ left, right }: LowRank<NdArray>, rank: number): LowRank<NdArray> {
  const [most, outputs] = right.shape;
  if (rank > most) throw new RangeError(`factors of rank ${most} do not give rank ${rank}`);
  const { dtype, data } = right;
  return {
    left: firstColumns(left, rank),
    right: { dtype, shape: [rank, outputs], data: data.slice(0, rank * outputs) },
  };
}

/** w − left right, of the factors as they are rounded. */
function residualOf(w: NdArray, { left, right }: LowRank<NdArray>): NdArray {
  const [inputs, outputs] = w.shape, rank = right.shape[0];
  const rest = Float64Array.from(w.data as Float32Array);
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < rank; k++) {
      const factor = Number(left.data[i * rank + k]);
      for (let j = 0; j < outputs; j++) {
        rest[i * outputs + j] -= factor * Number(right.data[k * outputs + j]);
      }
    }
  }
  return fromNumbers(rest, [inputs, outputs], w.dtype);
}

/**
 * Splits the chosen maps of a tree of host arrays: W = L R + S.
 *
 * @throws RangeError for a ratio that is not above 0, or when no map is chosen.
 */
export function splitLinears<P>(
  params: P,
  { ratio, where, init = "svd", factors, residual = "kept" }: SplitOptions,
): Split<P> {
  const lowRanks: LowRanks<NdArray> = {};
  const rest: LinearArrays = {};
  for (const [path, { w, b }] of Object.entries(linearArrays(params, where))) {
    const [inputs, outputs] = w.shape, rank = rankOfRatio(ratio, inputs, outputs);
    const known = factors?.[path];
    const part = init === "zeros"
      ? { left: zeros([inputs, rank], w.dtype), right: zeros([rank, outputs], w.dtype) }
      : known
      ? leadingFactors(known, rank)
      : factorsOf(leadingSvd(w, rank), w.dtype);
    lowRanks[path] = part;
    rest[path] = { w: residual === "kept" ? residualOf(w, part) : zeros([1, 1], w.dtype), b };
  }
  return { params: withLinearArrays(params, rest), lowRanks };
}

/** Settings of {@link withLowRanks}. */
export interface LowRankForm {
  /**
   * `apart`: x S + (x Rᵀ) Lᵀ, as published. `joined`: x (S + Rᵀ Lᵀ), the same but for rounding, which costs
   * one product of all rows of x instead of five smaller ones and their sums, forward and backward; it pays
   * with more than in·out/(in + out) rows, 192 for 384 × 384. Maps whose S was dropped stay apart.
   * @default "apart"
   */
  form?: "apart" | "joined";
}

/** The tree with x S + (x Rᵀ) Lᵀ + b for its split maps; without S where it is a placeholder. */
export function withLowRanks<P>(
  params: P,
  lowRanks: LowRanks,
  { form = "apart" }: LowRankForm = {},
): Replaced<P> {
  return mapLinears(params, (map, path) => {
    const part = lowRanks[path];
    if (!part) return map;
    const { left, right } = part;
    const dropped = map.w.shape[0] !== left.shape[0];
    if (form === "joined" && !dropped) return { w: add(matmul(left, right), map.w), b: map.b };
    return (x) => {
      const low = project(right, project(left, x));
      return add(low, dropped ? map.b : linear(map, x));
    };
  });
}
