// The effective dimension that theory predicts for a Gaussian design, by balancing bias and variance.
//
// An ellipsoid with half-axes R √λ_j is covered by N(ε) = Π_j max(1, R √λ_j / ε) cells of side ε. One
// free value a cell leaves a squared bias of ε^{2s} for an s-Hölder function and costs a variance of
// N(ε)/n. Both are equal where 2s log(1/ε) + log N(ε) = log n; then p = log N(ε) / log(1/ε) and the
// squared error is ε^{2s} = n^{−2s/(2s+p)}. Derived by us from the abstract's statements; constants and
// logarithms of the paper's bounds are not in it.

/** What the balance is solved for. */
export interface BalanceOptions {
  /** s, the Hölder smoothness of the target, above 0. */
  readonly smoothness: number;
  /** n, the sample size, above 1. */
  readonly n: number;
  /** R, half-axes of the covered ellipsoid in standard deviations. @default 1 */
  readonly radius?: number;
}

/** The solution of the balance. */
export interface Balance {
  /** ε, the side of a cell. */
  readonly epsilon: number;
  /** log N(ε). */
  readonly logCells: number;
  /** p = log N(ε) / log(1/ε), the effective Minkowski dimension. */
  readonly dimension: number;
  /** k, the coordinates with R √λ_j > ε: those that are divided into cells at all. */
  readonly active: number;
  /** log ε^{2s}, the predicted logarithm of the squared error. */
  readonly logError: number;
  /** d log ε^{2s} / d log n = −2s/(2s + k): what a measured curve shows at n. */
  readonly localSlope: number;
  /** −2s/(2s + p): the exponent of the bound with p put in, which is steeper than the local slope. */
  readonly plugInSlope: number;
}

/** log N(ε) for cells of side `epsilon`, with eigenvalues in any order. */
export function logCells(eigenvalues: ArrayLike<number>, epsilon: number, radius = 1): number {
  let sum = 0;
  for (let j = 0; j < eigenvalues.length; j++) {
    sum += Math.max(0, Math.log(radius * Math.sqrt(eigenvalues[j]) / epsilon));
  }
  return sum;
}

/**
 * Solves 2s log(1/ε) + log N(ε) = log n exactly: the left side is piecewise linear in log(1/ε), with a
 * break where a coordinate becomes active.
 *
 * @param eigenvalues λ_1 ≥ λ_2 ≥ …; zeros are allowed.
 * @throws RangeError for n ≤ 1, a smoothness that is not positive, or eigenvalues that increase.
 */
export function solveBalance(
  eigenvalues: ArrayLike<number>,
  { smoothness, n, radius = 1 }: BalanceOptions,
): Balance {
  if (!(n > 1)) throw new RangeError(`The balance needs n > 1, not ${n}`);
  if (!(smoothness > 0)) throw new RangeError(`The smoothness ${smoothness} is not positive`);
  for (let j = 1; j < eigenvalues.length; j++) {
    if (eigenvalues[j] > eigenvalues[j - 1]) {
      throw new RangeError(`Eigenvalue ${j} is larger than the one before it; sort them`);
    }
  }
  // With k active coordinates log(1/ε) = (log n − Σ_{j≤k} log(R √λ_j)) / (2s + k); the next coordinate
  // is active if it is wider than the ε of those before it.
  const halfAxis = (j: number) => Math.log(radius * Math.sqrt(eigenvalues[j]));
  let active = 0;
  let sum = 0;
  let fineness = Math.log(n) / (2 * smoothness);
  while (active < eigenvalues.length && halfAxis(active) > -fineness) {
    sum += halfAxis(active);
    active++;
    fineness = (Math.log(n) - sum) / (2 * smoothness + active);
  }
  const cells = active * fineness + sum;
  const dimension = cells / fineness;
  return {
    epsilon: Math.exp(-fineness),
    logCells: cells,
    dimension,
    active,
    logError: -2 * smoothness * fineness,
    localSlope: -2 * smoothness / (2 * smoothness + active),
    plugInSlope: -2 * smoothness / (2 * smoothness + dimension),
  };
}

/**
 * The closed form for λ_j = exp(−θ j) over continuous j ≥ 0, p = √(s² + log n/θ) − s: the abstract's
 * O(√log n). The sum over j = 0, 1, … that {@linkcode solveBalance} takes exceeds the integral by half
 * its first term, so that p comes out larger there by 0.3 to 0.5 for n of 10³ to 10⁵.
 */
export function exponentialDimension(smoothness: number, rate: number, n: number): number {
  return Math.sqrt(smoothness ** 2 + Math.log(n) / rate) - smoothness;
}
