// The baselines, exact: kernel ridge regression tuned by validation, Gaussian process by marginal likelihood.

import { cholesky, logDeterminant, solveCholesky } from "../linear_algebra/cholesky.ts";
import type { Dense } from "../linear_algebra/dense.ts";
import {
  type KernelName,
  kernelValues,
  medianDistance,
  ridgedKernel,
  squaredDistances,
} from "./kernels.ts";
import { minimiseOnGrid } from "./pattern_search.ts";

/** Points x [n, D], flat, and responses y [n]. */
export interface Sample {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What a kernel method settled on. */
export interface Tuned {
  readonly width: number;
  /** Added to the kernel's diagonal; a Gaussian process's noise variance over its signal variance. */
  readonly ridge: number;
  /** What was minimised: validation MSE, or negative log marginal likelihood per point. */
  readonly score: number;
}

/** A fitted predictor: mean + Σ_i weights_i k(x, x_i). */
export interface KernelFit {
  readonly kernel: KernelName;
  readonly x: Float32Array;
  readonly D: number;
  readonly weights: Float64Array;
  readonly mean: number;
  readonly tuned: Tuned;
}

/** Predictions at points [m, D]. */
export function predictKernel(fit: KernelFit, points: Float32Array): Float64Array {
  const n = fit.weights.length;
  const k = kernelValues(fit.kernel, squaredDistances(points, fit.x, fit.D), fit.tuned.width);
  return Float64Array.from({ length: points.length / fit.D }, (_, i) => {
    let sum = fit.mean;
    for (let j = 0; j < n; j++) sum += k[i * n + j] * fit.weights[j];
    return sum;
  });
}

/** Responses without their mean, and the mean. */
function centred(y: Float32Array): { readonly mean: number; readonly rest: Float64Array } {
  const mean = y.reduce((sum, v) => sum + v, 0) / y.length;
  return { mean, rest: Float64Array.from(y, (v) => v - mean) };
}

/**
 * Kernel ridge regression, (K + ridge·I) weights = y − ȳ, with the kernel width and ridge that
 * predict `validation` best, sought from the median distance on.
 */
export function kernelRidge(
  kernel: KernelName,
  D: number,
  { x, y }: Sample,
  validation: Sample,
): KernelFit {
  const n = y.length, { mean, rest } = centred(y);
  const inside = squaredDistances(x, x, D), across = squaredDistances(validation.x, x, D);
  const error = ([width, ridge]: readonly number[]) => {
    const weights = solveCholesky(
      cholesky(ridgedKernel(kernel, inside, n, { width, ridge })),
      rest,
    );
    const k = kernelValues(kernel, across, width);
    return validation.y.reduce((sum, v, i) => {
      let f = mean;
      for (let j = 0; j < n; j++) f += k[i * n + j] * weights[j];
      return sum + (f - v) ** 2;
    }, 0) / validation.y.length;
  };
  const { at: [width, ridge], value } = minimiseOnGrid(error, [medianDistance(inside, n) / 2, 1]);
  const weights = solveCholesky(cholesky(ridgedKernel(kernel, inside, n, { width, ridge })), rest);
  return { kernel, x, D, weights, mean, tuned: { width, ridge, score: value } };
}

/**
 * −log marginal likelihood per point of zero-mean responses under variance s²·(K + ridge·I), with the
 * s² that maximises it, yᵀ(K + ridge·I)⁻¹y/n (Rasmussen and Williams, Eq. 2.30).
 */
export function negativeLogEvidence(ridged: Dense, y: Float64Array): number {
  const n = ridged.rows, factor = cholesky(ridged), solved = solveCholesky(factor, y);
  const variance = y.reduce((sum, v, i) => sum + v * solved[i], 0) / n;
  return (n * Math.log(2 * Math.PI * variance) + n + logDeterminant(factor)) / (2 * n);
}

/** A Gaussian process's mean, with the width and noise ratio that maximise the marginal likelihood. */
export function gaussianProcess(kernel: KernelName, D: number, { x, y }: Sample): KernelFit {
  const n = y.length, { mean, rest } = centred(y);
  const inside = squaredDistances(x, x, D);
  const { at: [width, ridge], value } = minimiseOnGrid(
    ([width, ridge]) =>
      negativeLogEvidence(ridgedKernel(kernel, inside, n, { width, ridge }), rest),
    [medianDistance(inside, n) / 2, 1],
  );
  const weights = solveCholesky(cholesky(ridgedKernel(kernel, inside, n, { width, ridge })), rest);
  return { kernel, x, D, weights, mean, tuned: { width, ridge, score: value } };
}
