/** Cholesky factors of positive definite matrices in float64, and solves with them. */

import { type Dense, square } from "./dense.ts";

/** Columns that are factored before the rest of the matrix is brought up to date. */
const BLOCK = 64;

/**
 * The lower factor L of a symmetric positive definite matrix A = L Lᵀ. Reads the lower triangle; the
 * upper triangle of the result is of no meaning. n³/3 operations: a block of columns is factored, then
 * its products are subtracted from all that follows, four rows by four columns at a time.
 * @throws RangeError naming the row whose pivot is not positive
 */
export function cholesky({ rows: size, data }: Dense): Dense {
  if (size <= BLOCK) {
    const l = new Float64Array(size * size);
    for (let i = 0; i < size; i++) l.set(data.subarray(i * size, i * size + i + 1), i * size);
    factorColumns(l, size, 0, size);
    return square(l, size);
  }
  // With rows of the unit matrix below and beside, up to a multiple of four.
  const n = Math.ceil(size / 4) * 4, l = new Float64Array(n * n);
  for (let i = 0; i < size; i++) l.set(data.subarray(i * size, i * size + i + 1), i * n);
  for (let i = size; i < n; i++) l[i * n + i] = 1;
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK);
    factorColumns(l, n, from, to);
    subtractProducts(l, n, from, to);
  }
  if (n === size) return square(l, n);
  const exact = new Float64Array(size * size);
  for (let i = 0; i < size; i++) exact.set(l.subarray(i * n, i * n + size), i * size);
  return square(exact, size);
}

/** Factors columns [from, to), from which earlier columns are subtracted already. */
function factorColumns(l: Float64Array, n: number, from: number, to: number): void {
  for (let j = from; j < to; j++) {
    let pivot = l[j * n + j];
    for (let k = from; k < j; k++) pivot -= l[j * n + k] * l[j * n + k];
    if (!(pivot > 0)) throw new RangeError(`not positive definite at row ${j}: pivot ${pivot}`);
    const root = Math.sqrt(pivot);
    l[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = l[i * n + j];
      for (let k = from; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = sum / root;
    }
  }
}

/** a_{ij} −= Σ_{from ≤ k < to} l_{ik} l_{jk} for i ≥ j ≥ to; n and `to` are multiples of four. */
function subtractProducts(l: Float64Array, n: number, from: number, to: number): void {
  for (let i = to; i < n; i += 4) {
    for (let j = to; j <= i; j += 4) {
      let [a0, a1, a2, a3] = [0, 0, 0, 0], [b0, b1, b2, b3] = [0, 0, 0, 0];
      let [c0, c1, c2, c3] = [0, 0, 0, 0], [d0, d1, d2, d3] = [0, 0, 0, 0];
      let p = i * n + from, q = j * n + from;
      for (const end = i * n + to; p < end; p++, q++) {
        const a = l[p], b = l[p + n], c = l[p + 2 * n], d = l[p + 3 * n];
        const x0 = l[q], x1 = l[q + n], x2 = l[q + 2 * n], x3 = l[q + 3 * n];
        a0 += a * x0, a1 += a * x1, a2 += a * x2, a3 += a * x3;
        b0 += b * x0, b1 += b * x1, b2 += b * x2, b3 += b * x3;
        c0 += c * x0, c1 += c * x1, c2 += c * x2, c3 += c * x3;
        d0 += d * x0, d1 += d * x1, d2 += d * x2, d3 += d * x3;
      }
      const o = i * n + j;
      l[o] -= a0, l[o + 1] -= a1, l[o + 2] -= a2, l[o + 3] -= a3;
      l[o + n] -= b0, l[o + n + 1] -= b1, l[o + n + 2] -= b2, l[o + n + 3] -= b3;
      l[o + 2 * n] -= c0, l[o + 2 * n + 1] -= c1, l[o + 2 * n + 2] -= c2, l[o + 2 * n + 3] -= c3;
      l[o + 3 * n] -= d0, l[o + 3 * n + 1] -= d1, l[o + 3 * n + 2] -= d2, l[o + 3 * n + 3] -= d3;
    }
  }
}

/** The solution of A x = b from A's lower factor. */
export function solveCholesky(factor: Dense, b: ArrayLike<number>): Float64Array {
  const { rows: n, data: l } = factor;
  const x = solveLower(factor, b);
  for (let i = n - 1; i >= 0; i--) {
    const value = x[i] /= l[i * n + i];
    for (let j = 0; j < i; j++) x[j] -= l[i * n + j] * value;
  }
  return x;
}

/** The solution of L x = b for a lower triangular L. */
export function solveLower({ rows: n, data: l }: Dense, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let j = 0; j < i; j++) sum -= l[i * n + j] * x[j];
    x[i] = sum / l[i * n + i];
  }
  return x;
}

/** log det A = 2 Σ log L_ii. */
export function logDeterminant({ rows: n, data: l }: Dense): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]);
  return 2 * sum;
}
