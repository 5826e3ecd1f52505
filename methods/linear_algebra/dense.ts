/** Dense float64 linear algebra on row-major arrays: products, factors of semidefinite matrices, inverses. */

/** A row-major matrix of float64. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  /** `rows × columns` numbers. */
  readonly data: Float64Array;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Dense {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** `n × n` numbers, row by row, as a matrix that shares them. */
export function square(data: Float64Array, n: number): Dense {
  return { rows: n, columns: n, data };
}

/** Sum of products of `a` from `i` and `b` from `j`, over `length` entries. */
export function dot(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  length: number,
): number {
  // Four sums that do not wait for one another.
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[i + k] * b[j + k];
    s1 += a[i + k + 1] * b[j + k + 1];
    s2 += a[i + k + 2] * b[j + k + 2];
    s3 += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < length; k++) s0 += a[i + k] * b[j + k];
  return s0 + s1 + s2 + s3;
}

/** Writes `A x` to `out`. */
export function multiply(a: Dense, x: Float64Array, out: Float64Array): void {
  const { rows, columns, data } = a;
  let i = 0;
  // Two rows at a time read x once for both.
  for (; i + 1 < rows; i += 2) {
    const p = i * columns, q = p + columns;
    let s0 = 0, s1 = 0, t0 = 0, t1 = 0, k = 0;
    for (; k + 1 < columns; k += 2) {
      const x0 = x[k], x1 = x[k + 1];
      s0 += data[p + k] * x0;
      s1 += data[p + k + 1] * x1;
      t0 += data[q + k] * x0;
      t1 += data[q + k + 1] * x1;
    }
    if (k < columns) {
      s0 += data[p + k] * x[k];
      t0 += data[q + k] * x[k];
    }
    out[i] = s0 + s1;
    out[i + 1] = t0 + t1;
  }
  if (i < rows) out[i] = dot(data, i * columns, x, 0, columns);
}

/** Adds `A′ x` to `out`; rows whose entry of x is zero cost nothing. */
export function addTransposed(a: Dense, x: Float64Array, out: Float64Array): void {
  const { rows, columns, data } = a;
  for (let i = 0; i < rows; i++) {
    const xi = x[i];
    if (xi === 0) continue;
    const row = i * columns;
    for (let k = 0; k < columns; k++) out[k] += data[row + k] * xi;
  }
}

/** The symmetric matrix `A A′ / divisor`. */
export function gram(a: Dense, divisor = 1): Dense {
  const { rows: n, columns: m, data } = a;
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) {
    let j = 0;
    // Two columns at a time read row i once for both.
    for (; j < i; j += 2) {
      const p = i * m, q = j * m, r = q + m;
      let s0 = 0, s1 = 0, t0 = 0, t1 = 0, k = 0;
      for (; k + 1 < m; k += 2) {
        const x0 = data[p + k], x1 = data[p + k + 1];
        s0 += x0 * data[q + k];
        s1 += x1 * data[q + k + 1];
        t0 += x0 * data[r + k];
        t1 += x1 * data[r + k + 1];
      }
      if (k < m) {
        s0 += data[p + k] * data[q + k];
        t0 += data[p + k] * data[r + k];
      }
      out.data[j * n + i] = out.data[i * n + j] = (s0 + s1) / divisor;
      out.data[(j + 1) * n + i] = out.data[i * n + j + 1] = (t0 + t1) / divisor;
    }
    if (j === i) out.data[i * n + i] = dot(data, i * m, data, i * m, m) / divisor;
  }
  return out;
}

/** The transpose. */
export function transpose(a: Dense): Dense {
  const out = zeros(a.columns, a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.columns; j++) out.data[j * a.rows + i] = a.data[i * a.columns + j];
  }
  return out;
}

/**
 * The lower triangular L with `L L′ = A`, for symmetric A (`cholesky` is faster where A is definite). A pivot below `floor` × the largest
 * diagonal entry is taken for zero, and its column left zero, so that semidefinite matrices have a
 * factor too.
 *
 * @param floor @default 1e-13
 * @throws RangeError when a pivot is clearly negative: A is not positive semidefinite.
 */
export function semidefiniteFactor(a: Dense, floor = 1e-13): Dense {
  const n = a.rows;
  const l = zeros(n, n);
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, a.data[i * n + i]);
  for (let j = 0; j < n; j++) {
    const pivot = a.data[j * n + j] - dot(l.data, j * n, l.data, j * n, j);
    if (pivot < -1e-8 * scale) {
      throw new RangeError(`semidefiniteFactor: pivot ${j} is ${pivot}: not positive semidefinite`);
    }
    if (pivot <= floor * scale) continue;
    const root = Math.sqrt(pivot);
    l.data[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      l.data[i * n + j] = (a.data[i * n + j] - dot(l.data, i * n, l.data, j * n, j)) / root;
    }
  }
  return l;
}

/** The inverse of a symmetric positive definite matrix. */
export function inverse(a: Dense): Dense {
  const n = a.rows;
  const l = semidefiniteFactor(a, 0);
  // Rows of `inv` hold the columns of L⁻¹ from their diagonal on, i.e. the rows of L⁻¹′.
  const inv = zeros(n, n);
  for (let j = 0; j < n; j++) {
    inv.data[j * n + j] = 1 / l.data[j * n + j];
    for (let i = j + 1; i < n; i++) {
      const s = dot(l.data, i * n + j, inv.data, j * n + j, i - j);
      inv.data[j * n + i] = -s / l.data[i * n + i];
    }
  }
  // A⁻¹ = L⁻¹′ L⁻¹.
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const s = dot(inv.data, i * n + i, inv.data, j * n + i, n - i);
      out.data[i * n + j] = out.data[j * n + i] = s;
    }
  }
  return out;
}

/**
 * The inverse of a square matrix, by Gauss–Jordan elimination with row pivoting.
 * @returns Its rows, or null for a singular matrix.
 */
export function invert(rows: readonly Float64Array[]): Float64Array[] | null {
  const k = rows.length;
  const work = rows.map((row, r) => {
    const line = new Float64Array(2 * k);
    line.set(row);
    line[k + r] = 1;
    return line;
  });
  for (let c = 0; c < k; c++) {
    let best = c;
    for (let r = c + 1; r < k; r++) {
      if (Math.abs(work[r][c]) > Math.abs(work[best][c])) best = r;
    }
    [work[c], work[best]] = [work[best], work[c]];
    const pivotLine = work[c], pivot = pivotLine[c];
    if (pivot === 0) return null;
    for (let q = c; q < 2 * k; q++) pivotLine[q] /= pivot;
    for (let r = 0; r < k; r++) {
      const line = work[r], f = line[c];
      if (r === c || f === 0) continue;
      for (let q = c; q < 2 * k; q++) line[q] -= f * pivotLine[q];
    }
  }
  return work.map((line) => line.slice(k));
}
