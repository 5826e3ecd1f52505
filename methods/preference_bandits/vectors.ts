/** Products and norms of vectors. */

/** aᵀb. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** ‖a‖₂. */
export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

/** ‖x‖_A = √(xᵀ A x) for a d × d matrix A. */
export function quadraticNorm(a: Float64Array, x: Float64Array): number {
  const d = x.length;
  let sum = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) sum += x[i] * a[i * d + j] * x[j];
  }
  return Math.sqrt(Math.max(0, sum));
}
