/**
 * The confidence set Θ(θ̂, λ) = {θ : ‖θ − θ̂‖_{Σ_D + λI} ≤ f(n)} of pessimistic maximum likelihood (Zhu, Jordan and
 * Jiao, Principled reinforcement learning with human feedback from pairwise or K-wise comparisons, 2023).
 */

import { cholesky } from "../linear_algebra/cholesky.ts";
import { type Dense, square } from "../linear_algebra/dense.ts";
import { designCovariance, type Differences } from "./logistic_loss.ts";

/** What the set's radius depends on. */
export interface RadiusOptions {
  /** δ in (0, 1). */
  readonly delta: number;
  /** B, the radius of Θ_B. */
  readonly ball: number;
  /** L ≥ the norm of every compared difference of features. */
  readonly length: number;
  /** λ ≥ 0 added to Σ_D. */
  readonly lambda: number;
}

/** γ = 1/(2 + e^{−LB} + e^{LB}), the least curvature of log(1 + e^z) on |z| ≤ LB: exponentially small in B. */
export function leastCurvature(length: number, ball: number): number {
  const z = length * ball;
  return 1 / (2 + Math.exp(-z) + Math.exp(z));
}

/**
 * f(n) = √((d + 2√(d t) + 2t)/(4n))/γ + 2B√λ with t = log(1/δ).
 *
 * The paper's form is C √((d + t)/(γ²n) + λB²) with a constant C that was not available. This radius has
 * that form up to constants, and is derived: ℓ is γ-strongly convex in ‖·‖_Σ on Θ_B, so the first-order
 * condition gives γ‖Δ‖²_Σ ≤ ‖∇ℓ(θ*)‖_{(Σ+λI)⁻¹}‖Δ‖_{Σ+λI}; the gradient is a sum of centred Bernoulli
 * variables (sub-Gaussian with variance proxy 1/4), whose quadratic form of rank d is bounded by Hsu, Kakade
 * and Zhang (2012) with probability 1 − δ; ‖Δ‖ ≤ 2B bounds what λ adds.
 */
export function confidenceRadius(
  dimension: number,
  n: number,
  { delta, ball, length, lambda }: RadiusOptions,
): number {
  const t = Math.log(1 / delta);
  const chiSquared = dimension + 2 * Math.sqrt(dimension * t) + 2 * t;
  const gradient = Math.sqrt(chiSquared / (4 * n));
  return gradient / leastCurvature(length, ball) + 2 * ball * Math.sqrt(lambda);
}

/** Σ_D + λI, d × d row-major, and its Cholesky factor. */
export interface Metric {
  readonly matrix: Float64Array;
  readonly factor: Dense;
}

/** The metric of the confidence set of one data set. @throws RangeError for λ = 0 and a singular Σ_D. */
export function confidenceMetric(
  design: Differences,
  counts: Float64Array,
  lambda: number,
): Metric {
  const d = design.dimension;
  const matrix = designCovariance(design, counts);
  for (let j = 0; j < d; j++) matrix[j * d + j] += lambda;
  return { matrix, factor: cholesky(square(matrix, d)) };
}
