// Thin singular value decomposition on the host, by one-sided Jacobi rotations.

import { type NdArray, ndarray, TensorError } from "../tensor/mod.ts";

/** x = u diag(s) vᵀ with k = min(m, n) singular values in descending order; float64. */
export interface Svd {
  /** [m, k]; columns orthonormal, except that on the longer side those of singular value 0 are 0. */
  u: NdArray;
  /** k numbers, at least 0. */
  s: Float64Array;
  /** [n, k]; as `u`. */
  v: NdArray;
}

/** Sweeps over all pairs before giving up; 10 are many. */
const SWEEPS = 60;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function rotate(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i], y = b[i];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
}

/** Columns shorter than this, relative to the matrix, are rounding noise and count as 0. */
const NEGLIGIBLE = 1e-15;

/** Rotates pairs of columns until all are orthogonal; applies the same rotations to `others`. */
function orthogonalise(columns: Float64Array[], others: Float64Array[], least: number): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const a = columns[p], b = columns[q];
        const alpha = dot(a, a), beta = dot(b, b), gamma = dot(a, b);
        // Noise is never orthogonal to what it is the noise of.
        if (Math.min(alpha, beta) <= least ** 2) continue;
        if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent), sine = cosine * tangent;
        rotate(a, b, cosine, sine);
        rotate(others[p], others[q], cosine, sine);
      }
    }
    if (!rotated) return;
  }
  throw new TensorError("argument", `svd: no convergence in ${SWEEPS} sweeps`);
}

/**
 * The thin singular value decomposition of a matrix [m, n] (Hestenes, 1958), for matrices of
 * some hundred columns: takes about 40·m·n·min(m, n) multiplications.
 *
 * @throws TensorError `shape` unless the array has two axes, `argument` when an element is not finite.
 *
 * @example
 * ```ts
 * import { fromNested } from "../tensor/mod.ts";
 * import { svd } from "./mod.ts";
 *
 * const { s } = svd(fromNested([[3, 0], [0, -4], [0, 0]]));
 * console.log([...s]); // [4, 3]
 * ```
 */
export function svd(x: NdArray): Svd {
  if (x.shape.length !== 2) {
    throw new TensorError("shape", `svd: an array of shape [${x.shape.join(", ")}] is no matrix`);
  }
  const [m, n] = x.shape;
  const values = Float64Array.from(x.data as Float32Array, Number);
  if (!values.every(Number.isFinite)) throw new TensorError("argument", "svd: not all finite");
  // Rotate the fewer columns: those of x, or of xᵀ.
  const tall = m >= n, count = Math.min(m, n), length = Math.max(m, n);
  const columns = Array.from(
    { length: count },
    (_, j) => Float64Array.from({ length }, (_, i) => tall ? values[i * n + j] : values[j * n + i]),
  );
  const rotations = Array.from({ length: count }, (_, j) => {
    const unit = new Float64Array(count);
    unit[j] = 1;
    return unit;
  });
  const least = NEGLIGIBLE * Math.sqrt(dot(values, values));
  orthogonalise(columns, rotations, least);
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  const norms = lengths.map((length) => length > least ? length : 0);
  const order = norms.map((_, j) => j).sort((a, b) => norms[b] - norms[a]);
  const s = Float64Array.from(order, (j) => norms[j]);
  const matrix = (list: readonly Float64Array[], rows: number, scale: (k: number) => number) => {
    const data = new Float64Array(rows * count);
    order.forEach((j, k) => {
      for (let i = 0; i < rows; i++) data[i * count + k] = list[j][i] * scale(k);
    });
    return ndarray(data, [rows, count]);
  };
  const left = matrix(columns, length, (k) => s[k] > 0 ? 1 / s[k] : 0);
  const right = matrix(rotations, count, () => 1);
  return tall ? { u: left, s, v: right } : { u: right, s, v: left };
}
