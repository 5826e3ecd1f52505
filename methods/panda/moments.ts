/** Sample moments of two classes: what every method of the paper starts from. */

import { type Dense, dot, gram, zeros } from "./dense.ts";

/** Means, pooled covariance and scale of two samples. */
export interface Moments {
  /** p. */
  readonly mean0: Float64Array;
  /** p. */
  readonly mean1: Float64Array;
  /** μ̂_d = mean1 − mean0, p. */
  readonly difference: Float64Array;
  /** μ̂_m, the midpoint of the two means, p. */
  readonly midpoint: Float64Array;
  /** Σ̂, p × p: within-class products **divided by n₀ + n₁** (section 2), not by n₀ + n₁ − 2. */
  readonly covariance: Dense;
  /** The sample within its classes' means, p × (n₀ + n₁): Σ̂ is its Gram matrix over n₀ + n₁. */
  readonly centred: Dense;
  /** σ̂_max = max_j √Σ̂_jj. */
  readonly sigmaMax: number;
  /** n of the paper: observations in each class; their mean when the classes differ. */
  readonly perClass: number;
  /** √(log p / n), the unit of λ̃. */
  readonly rate: number;
}

/** Moments of two samples, one observation in each row. */
export function momentsOf(x0: Dense, x1: Dense): Moments {
  const p = x0.columns;
  if (x1.columns !== p) throw new RangeError(`momentsOf: ${p} against ${x1.columns} columns`);
  const mean0 = columnMeans(x0), mean1 = columnMeans(x1);
  const total = x0.rows + x1.rows;
  // Observations along memory, so that each covariance is one inner product.
  const centred = zeros(p, total);
  centre(x0, mean0, centred, 0);
  centre(x1, mean1, centred, x0.rows);
  const covariance = gram(centred, total);
  let largest = 0;
  for (let j = 0; j < p; j++) largest = Math.max(largest, covariance.data[j * p + j]);
  const perClass = total / 2;
  return {
    mean0,
    mean1,
    difference: mean1.map((m, j) => m - mean0[j]),
    midpoint: mean1.map((m, j) => (m + mean0[j]) / 2),
    covariance,
    centred,
    sigmaMax: Math.sqrt(largest),
    perClass,
    rate: Math.sqrt(Math.log(p) / perClass),
  };
}

function columnMeans(x: Dense): Float64Array {
  const out = new Float64Array(x.columns);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < x.columns; j++) out[j] += x.data[i * x.columns + j];
  }
  return out.map((sum) => sum / x.rows);
}

/** Writes x − mean, transposed, into the columns of `out` from `offset` on. */
function centre(x: Dense, mean: Float64Array, out: Dense, offset: number): void {
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < x.columns; j++) {
      out.data[j * out.columns + offset + i] = x.data[i * x.columns + j] - mean[j];
    }
  }
}

/** Share of rows of `x0` and `x1` that β′(z − midpoint) > 0 puts into the wrong class. */
export function errorRate(
  beta: Float64Array,
  midpoint: Float64Array,
  x0: Dense,
  x1: Dense,
): number {
  const threshold = dot(beta, 0, midpoint, 0, beta.length);
  let wrong = 0;
  for (let i = 0; i < x0.rows; i++) {
    if (dot(x0.data, i * x0.columns, beta, 0, beta.length) > threshold) wrong++;
  }
  for (let i = 0; i < x1.rows; i++) {
    if (!(dot(x1.data, i * x1.columns, beta, 0, beta.length) > threshold)) wrong++;
  }
  return wrong / (x0.rows + x1.rows);
}
