// What weight decay does to a path (secs. 3 and 4): balanced norms, the quasi-norm they amount to, rank of sizes.

import type { NdArray } from "../tensor/mod.ts";
import type { Architecture, Parameters } from "./network.ts";

/** Frobenius norms of the layers of every path of one network: [N][M][L]. Kernels [N, L, M, w, w, K]. */
export function layerNorms(
  { N, L, M, w, K }: Architecture,
  { kernels }: Parameters<NdArray>,
): number[][][] {
  const size = w * w * K;
  const norm = (n: number, l: number, m: number) => {
    const from = ((n * L + l) * M + m) * size;
    let sum = 0;
    for (let i = from; i < from + size; i++) sum += Number(kernels.data[i]) ** 2;
    return Math.sqrt(sum);
  };
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  return range(N).map((n) => range(M).map((m) => range(L).map((l) => norm(n, l, m))));
}

/**
 * The least Σ_l ‖W_l‖² that rescaling the layers of a path can reach without changing its output, as
 * ReLU is homogeneous: L (Π_l ‖W_l‖)^{2/L}, with all layers at one norm. So a squared-norm penalty is
 * an ℓ_{2/L} quasi-norm on the sizes Π_l ‖W_l‖ of paths, which favours few large ones.
 */
export function balancedPenalty(norms: readonly number[]): number {
  const L = norms.length;
  // Through logarithms: the product of dead layers is far below the smallest double.
  const logs = norms.reduce((sum, norm) => sum + Math.log(norm), 0);
  return L * Math.exp(2 * logs / L);
}

/** The norm that every layer has after balancing: (Π_l ‖W_l‖)^{1/L}. */
export function balancedNorm(norms: readonly number[]): number {
  return Math.sqrt(balancedPenalty(norms) / norms.length);
}

/**
 * (Σ B)² / Σ B² of the balanced penalties B of all paths: between 1 and their number, the number that
 * carry the penalty. NaN when all are 0.
 */
export function participationRatio(penalties: readonly number[]): number {
  const sum = penalties.reduce((a, b) => a + b, 0);
  return sum * sum / penalties.reduce((a, b) => a + b * b, 0);
}
