// How far predictions are from the truth: mean squared error, excess risk, degrees of freedom.

/** Mean of (f − g)² over the points that `at` selects (all by default). NaN when it selects none. */
export function meanSquaredError(
  f: ArrayLike<number>,
  truth: ArrayLike<number>,
  at: (i: number) => boolean = () => true,
): number {
  let sum = 0, count = 0;
  for (let i = 0; i < truth.length; i++) {
    if (!at(i)) continue;
    sum += (f[i] - truth[i]) ** 2;
    count++;
  }
  return sum / count;
}

/** log(1 + exp v) without overflow. */
function softplus(v: number): number {
  return Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
}

/**
 * Excess logistic risk of log-odds f over the true ones f*, labels averaged out exactly: the mean of
 * softplus(f) − softplus(f*) − σ(f*)(f − f*), at least 0 (Thm 3.3).
 */
export function excessLogisticRisk(f: ArrayLike<number>, truth: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    const p = 1 / (1 + Math.exp(-truth[i]));
    sum += softplus(f[i]) - softplus(truth[i]) - p * (f[i] - truth[i]);
  }
  return sum / truth.length;
}

/**
 * Effective degrees of freedom Σ cov(y_i, f̂(x_i))/σ², estimated from one sample whose noise is known
 * (σ = 1): Σ ε_i (f̂(x_i) − g(x_i)). Unbiased; one sample is noisy, so average over seeds.
 */
export function degreesOfFreedom(
  fitted: ArrayLike<number>,
  y: ArrayLike<number>,
  truth: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (y[i] - truth[i]) * (fitted[i] - truth[i]);
  return sum;
}
