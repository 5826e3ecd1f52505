/** Small dense symmetric systems, row-major in Float64Array; for dimensions up to a few dozen. */

/**
 * The lower Cholesky factor L of A = L Lᵀ.
 * @param a d × d, symmetric; not changed.
 * @throws RangeError when A is not positive definite, naming the pivot.
 */
export function cholesky(a: Float64Array, d: number): Float64Array {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j];
      for (let k = 0; k < j; k++) sum -= l[i * d + k] * l[j * d + k];
      if (i === j) {
        if (!(sum > 0)) throw new RangeError(`cholesky: pivot ${i} is ${sum}, not positive`);
        l[i * d + i] = Math.sqrt(sum);
      } else {
        l[i * d + j] = sum / l[j * d + j];
      }
    }
  }
  return l;
}

/** Solves L z = b for the lower factor L. */
export function solveLower(l: Float64Array, b: Float64Array): Float64Array {
  const d = b.length;
  const z = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= l[i * d + k] * z[k];
    z[i] = sum / l[i * d + i];
  }
  return z;
}

/** Solves A x = b given the Cholesky factor of A. */
export function solveCholesky(l: Float64Array, b: Float64Array): Float64Array {
  const d = b.length;
  const x = solveLower(l, b);
  for (let i = d - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < d; k++) sum -= l[k * d + i] * x[k];
    x[i] = sum / l[i * d + i];
  }
  return x;
}

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
