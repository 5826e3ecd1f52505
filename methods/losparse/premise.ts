// Whether weights are what LoSparse supposes: a coherent part of low rank, and a few strong neurons.

import type { NdArray } from "../tensor/mod.ts";
import { leadingSvd } from "./leading_svd.ts";

/** How far a weight is coherent and incoherent. */
export interface Premise {
  /** Share of the squared norm that the best approximation of the given rank leaves, in [0, 1]. */
  tail: number;
  /** Kurtosis of the norms of the output neurons' weights, 3 for a normal distribution. */
  kurtosis: number;
}

/**
 * Share of the squared norm that the best approximation leaves, for ranks 0, 1, … up to all.
 *
 * @param s singular values in descending order, not all 0.
 */
export function tailsOf(s: ArrayLike<number>): number[] {
  const tails = new Array<number>(s.length + 1).fill(0);
  for (let k = s.length - 1; k >= 0; k--) tails[k] = tails[k + 1] + s[k] ** 2;
  return tails.map((tail) => tail / tails[0]);
}

/** Kurtosis of the norms of the columns of a weight [in, out]. */
export function normKurtosis(w: NdArray): number {
  const [inputs, outputs] = w.shape;
  const norms = Array.from({ length: outputs }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += Number(w.data[i * outputs + j]) ** 2;
    return Math.sqrt(sum);
  });
  const mean = norms.reduce((a, b) => a + b, 0) / outputs;
  const moment = (k: number) => norms.reduce((sum, x) => sum + (x - mean) ** k, 0) / outputs;
  return moment(4) / moment(2) ** 2;
}

/** Measures a weight [in, out]; not zero. */
export function premiseOf(w: NdArray, rank: number): Premise {
  return { tail: tailsOf(leadingSvd(w, 1).s)[rank], kurtosis: normKurtosis(w) };
}
