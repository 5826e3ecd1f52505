// Kernels of the baselines (App. B): radial basis functions, and Matérn's with smoothness 3/2.

import { type Dense, square } from "../linear_algebra/dense.ts";

/** Kernels k(r), r the distance divided by the width; k(0) = 1. */
export const KERNELS = {
  /** exp(−r²/2). */
  rbf: (squared: number) => Math.exp(-squared / 2),
  /** (1 + √3 r) exp(−√3 r); scikit-learn's default smoothness, 3/2. */
  matern: (squared: number) => {
    const r = Math.sqrt(3 * squared);
    return (1 + r) * Math.exp(-r);
  },
} as const;
export type KernelName = keyof typeof KERNELS;

/** Squared distances of a's rows [m, D] to b's [n, D], row by row [m, n]. */
export function squaredDistances(a: Float32Array, b: Float32Array, D: number): Float64Array {
  const m = a.length / D, n = b.length / D, out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < D; k++) sum += (a[i * D + k] - b[j * D + k]) ** 2;
      out[i * n + j] = sum;
    }
  }
  return out;
}

/** k(distances / width), plus `ridge` on the diagonal: the matrix to solve with. */
export function ridgedKernel(
  name: KernelName,
  distances: Float64Array,
  n: number,
  { width, ridge }: { readonly width: number; readonly ridge: number },
): Dense {
  const data = kernelValues(name, distances, width);
  for (let i = 0; i < n; i++) data[i * n + i] += ridge;
  return square(data, n);
}

/** k(distances / width), element by element. */
export function kernelValues(
  name: KernelName,
  distances: Float64Array,
  width: number,
): Float64Array {
  const k = KERNELS[name], scale = 1 / (width * width);
  return distances.map((squared) => k(squared * scale));
}

/** The median distance between different points: the usual first guess of a width. */
export function medianDistance(distances: Float64Array, n: number): number {
  const above: number[] = [];
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) above.push(distances[i * n + j]);
  const sorted = Float64Array.from(above).sort();
  return Math.sqrt(sorted[sorted.length >> 1]);
}
