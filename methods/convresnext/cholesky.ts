// Cholesky factors and solves in Float64, for the exact kernel methods.

/** A square matrix, row by row. */
export interface Matrix {
  readonly n: number;
  readonly data: Float64Array;
}

/**
 * The lower factor L of a symmetric positive definite matrix A = L Lᵀ. Reads the lower triangle; the
 * upper triangle of the result is zero. n³/3 operations in blocks of rows that fit into caches.
 * @throws RangeError naming the row whose pivot is not positive
 */
export function cholesky({ n, data }: Matrix): Matrix {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) l.set(data.subarray(i * n, i * n + i + 1), i * n);
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK);
    // Columns [from, to): their earlier columns are subtracted already.
    for (let j = from; j < to; j++) {
      let pivot = l[j * n + j];
      for (let k = from; k < j; k++) pivot -= l[j * n + k] ** 2;
      if (!(pivot > 0)) throw new RangeError(`not positive definite at row ${j}: pivot ${pivot}`);
      const root = Math.sqrt(pivot);
      l[j * n + j] = root;
      for (let i = j + 1; i < n; i++) {
        let sum = l[i * n + j];
        for (let k = from; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
        l[i * n + j] = sum / root;
      }
    }
    subtractProducts(l, n, from, to);
  }
  return { n, data: l };
}

const BLOCK = 48;

/** a_{ij} −= Σ_{from ≤ k < to} l_{ik} l_{jk} for i ≥ j ≥ to; two rows by two columns at a time. */
function subtractProducts(l: Float64Array, n: number, from: number, to: number): void {
  for (let i = to; i < n; i += 2) {
    const second = i + 1 < n ? i + 1 : i;
    for (let j = to; j <= second; j += 2) {
      const other = j + 1 < n ? j + 1 : j;
      let a = 0, b = 0, c = 0, d = 0;
      let pi = i * n + from, ps = second * n + from, pj = j * n + from, po = other * n + from;
      for (const end = i * n + to; pi < end; pi++, ps++, pj++, po++) {
        const x = l[pi], y = l[ps], u = l[pj], v = l[po];
        a += x * u;
        b += x * v;
        c += y * u;
        d += y * v;
      }
      if (j <= i) l[i * n + j] -= a;
      if (other !== j && other <= i) l[i * n + other] -= b;
      if (second !== i) {
        l[second * n + j] -= c;
        if (other !== j && other <= second) l[second * n + other] -= d;
      }
    }
  }
}

/** The solution of A x = b from A's lower factor. */
export function solveCholesky({ n, data: l }: Matrix, b: ArrayLike<number>): Float64Array {
  const x = solveLower({ n, data: l }, b);
  for (let i = n - 1; i >= 0; i--) {
    const value = x[i] /= l[i * n + i];
    for (let j = 0; j < i; j++) x[j] -= l[i * n + j] * value;
  }
  return x;
}

/** The solution of L x = b for a lower triangular L. */
export function solveLower({ n, data: l }: Matrix, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let j = 0; j < i; j++) sum -= l[i * n + j] * x[j];
    x[i] = sum / l[i * n + i];
  }
  return x;
}

/** log det A = 2 Σ log L_ii. */
export function logDeterminant({ n, data: l }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]);
  return 2 * sum;
}
