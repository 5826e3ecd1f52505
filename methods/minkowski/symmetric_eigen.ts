// Eigenvalues and eigenvectors of symmetric matrices, by Jacobi's rotations.

/** A = V diag(λ) Vᵀ with λ_1 ≥ λ_2 ≥ …; column k of V (row-major, [d, d]) belongs to λ_k. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/** Sweeps over all pairs; convergence is quadratic, and 10 are rarely needed. */
const SWEEPS = 60;

/**
 * Cyclic Jacobi iteration; small eigenvalues come out with small relative errors as far as the matrix
 * allows. For covariances of a few hundred coordinates, in float64.
 *
 * @param matrix [d, d] row-major; only its upper triangle is read.
 * @throws Error when rotations do not converge, which for finite symmetric matrices does not happen.
 */
export function symmetricEigen(matrix: ArrayLike<number>, d: number): SymmetricEigen {
  const a = Float64Array.from({ length: d * d }, (_, k) => {
    const i = Math.floor(k / d), j = k % d;
    return matrix[Math.min(i, j) * d + Math.max(i, j)];
  });
  // Eigenvectors are kept as rows, so that a rotation runs over contiguous memory.
  const v = Float64Array.from({ length: d * d }, (_, k) => k % (d + 1) === 0 ? 1 : 0);
  const norm = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; offDiagonal(a, d) > 1e-14 * norm; sweep++) {
    if (sweep === SWEEPS) {
      throw new Error(`Jacobi's rotations did not converge in ${SWEEPS} sweeps`);
    }
    for (let p = 0; p < d - 1; p++) for (let q = p + 1; q < d; q++) rotate(a, v, d, p, q);
  }
  const order = Array.from({ length: d }, (_, k) => k)
    .sort((i, j) => a[j * d + j] - a[i * d + i]);
  const vectors = new Float64Array(d * d);
  order.forEach((from, k) => {
    for (let i = 0; i < d; i++) vectors[i * d + k] = v[from * d + i];
  });
  return { values: Float64Array.from(order, (k) => a[k * d + k]), vectors };
}

function offDiagonal(a: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) for (let j = i + 1; j < d; j++) sum += 2 * a[i * d + j] ** 2;
  return Math.sqrt(sum);
}

/** Zeroes a_pq by a rotation in the plane of p and q. */
function rotate(a: Float64Array, v: Float64Array, d: number, p: number, q: number): void {
  const apq = a[p * d + q];
  if (apq === 0) return;
  const theta = (a[q * d + q] - a[p * d + p]) / (2 * apq);
  // The smaller root of t² + 2θt − 1 = 0: an angle of at most 45°.
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1), s = t * c;
  for (let k = 0; k < d; k++) {
    const x = a[p * d + k], y = a[q * d + k];
    a[p * d + k] = c * x - s * y;
    a[q * d + k] = s * x + c * y;
    const u = v[p * d + k], w = v[q * d + k];
    v[p * d + k] = c * u - s * w;
    v[q * d + k] = s * u + c * w;
  }
  for (let k = 0; k < d; k++) {
    const x = a[k * d + p], y = a[k * d + q];
    a[k * d + p] = c * x - s * y;
    a[k * d + q] = s * x + c * y;
  }
}
