/** The logistic loss of the Bradley–Terry–Luce model on counted comparisons, with two derivatives. */

import { type ComparisonDesign, type Comparisons, logistic } from "./comparisons.ts";

/** The part of a design that the loss needs. */
export type Differences = Pick<ComparisonDesign, "dimension" | "pairs" | "differences">;

/** Loss, gradient (d) and Hessian (d × d, row-major) at one θ. */
export interface LossDerivatives {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/**
 * ℓ(θ) = (1/n) Σ_i [N_i log(1 + e^{x_iᵀθ}) − W_i x_iᵀθ] + (μ/2)‖θ‖², its gradient and Hessian, where pair
 * i was compared N_i times and its a¹ won W_i times.
 *
 * @throws RangeError without comparisons.
 */
export function lossDerivatives(
  { dimension: d, pairs, differences }: Differences,
  { counts, wins }: Comparisons,
  theta: Float64Array,
  mu = 0,
): LossDerivatives {
  const n = total(counts);
  let value = 0;
  const gradient = new Float64Array(d);
  const hessian = new Float64Array(d * d);
  for (let i = 0; i < pairs; i++) {
    if (counts[i] === 0) continue;
    const row = i * d;
    let z = 0;
    for (let j = 0; j < d; j++) z += differences[row + j] * theta[j];
    const p = logistic(z);
    value += counts[i] * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))) - wins[i] * z;
    const slope = counts[i] * p - wins[i];
    const curvature = counts[i] * p * (1 - p);
    for (let j = 0; j < d; j++) {
      const x = differences[row + j];
      if (x === 0) continue;
      gradient[j] += slope * x;
      for (let k = 0; k <= j; k++) hessian[j * d + k] += curvature * x * differences[row + k];
    }
  }
  let squares = 0;
  for (let j = 0; j < d; j++) {
    squares += theta[j] ** 2;
    gradient[j] = gradient[j] / n + mu * theta[j];
    for (let k = 0; k < j; k++) hessian[k * d + j] = hessian[j * d + k] /= n;
    hessian[j * d + j] = hessian[j * d + j] / n + mu;
  }
  return { value: value / n + mu / 2 * squares, gradient, hessian };
}

/** Σ_D = (1/n) Σ X Xᵀ over all n comparisons; d × d, row-major. */
export function designCovariance(
  { dimension: d, pairs, differences }: Differences,
  counts: Float64Array,
): Float64Array {
  const n = total(counts);
  const sigma = new Float64Array(d * d);
  for (let i = 0; i < pairs; i++) {
    if (counts[i] === 0) continue;
    for (let j = 0; j < d; j++) {
      const x = differences[i * d + j] * counts[i] / n;
      if (x === 0) continue;
      for (let k = 0; k < d; k++) sigma[j * d + k] += x * differences[i * d + k];
    }
  }
  return sigma;
}

/** Number of comparisons. @throws RangeError when there are none. */
export function total(counts: Float64Array): number {
  let n = 0;
  for (const count of counts) n += count;
  if (n === 0) throw new RangeError("the data set holds no comparison");
  return n;
}
