// The largest singular values with their vectors, on the host, for weights of several hundred rows.

import { type NdArray, ndarray, TensorError } from "../tensor/mod.ts";
import { gram } from "../linear_algebra/dense.ts";
import { eigenSymmetric } from "../linear_algebra/eigen.ts";
import { type Svd, svd } from "./svd.ts";

/**
 * As `Svd`, but u [m, r] and v [n, r] have the columns of the r largest singular values only; `s` has
 * all of them.
 */
export type LeadingSvd = Svd;

/** Up to so many rows or columns rotations take less than a tenth of a second. */
const SMALL = 128;

/** Singular values below this share of the largest are rounding noise of the squared matrix. */
const NEGLIGIBLE = 1e-7;

/**
 * The singular values and the vectors of the r largest. Small matrices go through `svd`, others through
 * the eigenvectors of the smaller of x xᵀ and xᵀ x, which is faster. Squaring costs digits at the small
 * end: errors of singular values are up to about 1e-8 of the largest, a tenth of what float32 weights are
 * rounded by.
 *
 * @param rank r, from 1 to min(m, n).
 * @throws TensorError `shape` unless the array has two axes, `argument` when an element is not finite.
 * @throws RangeError for another rank.
 *
 * @example
 * ```ts
 * import { fromNested } from "../tensor/mod.ts";
 * import { leadingSvd } from "./mod.ts";
 *
 * const { u, s } = leadingSvd(fromNested([[3, 0], [0, -4], [0, 0]]), 1);
 * console.log(u.shape, Array.from(s, Math.round)); // [3, 1] [4, 3]
 * ```
 */
export function leadingSvd(x: NdArray, rank: number): LeadingSvd {
  if (x.shape.length !== 2) {
    throw new TensorError("shape", `an array of shape [${x.shape.join(", ")}] is no matrix`);
  }
  const [m, n] = x.shape, count = Math.min(m, n), length = Math.max(m, n), tall = m >= n;
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= count)) {
    throw new RangeError(`rank ${rank} of a matrix of ${m} by ${n}`);
  }
  if (count <= SMALL) {
    const { u, s, v } = svd(x);
    return { u: firstColumns(u, rank), s, v: firstColumns(v, rank) };
  }
  const values = Float64Array.from(x.data as Float32Array, Number);
  if (!values.every(Number.isFinite)) throw new TensorError("argument", "not all are finite");
  // Short rows, so that their products run along memory: x, or xᵀ where x is tall.
  const rows = tall ? transposed(values, m, n) : values;
  const eigen = eigenSymmetric(gram({ rows: count, columns: length, data: rows }));
  const s = Float64Array.from(eigen.values, (value) => Math.sqrt(Math.max(0, value))).reverse();
  const short = new Float64Array(count * rank), long = new Float64Array(length * rank);
  const sum = new Float64Array(length);
  for (let k = 0; k < rank; k++) {
    if (s[k] <= NEGLIGIBLE * s[0]) break;
    const vector = eigen.vectors.data.subarray((count - 1 - k) * count, (count - k) * count);
    sum.fill(0);
    for (let i = 0; i < count; i++) {
      const factor = vector[i], row = i * length;
      for (let j = 0; j < length; j++) sum[j] += factor * rows[row + j];
      short[i * rank + k] = factor;
    }
    for (let j = 0; j < length; j++) long[j * rank + k] = sum[j] / s[k];
  }
  const [shorter, longer] = [ndarray(short, [count, rank]), ndarray(long, [length, rank])];
  return tall ? { u: longer, s, v: shorter } : { u: shorter, s, v: longer };
}

/** The first columns of a matrix, copied. */
export function firstColumns(x: NdArray, count: number): NdArray {
  const [rows, columns] = x.shape;
  const data = new (x.data.constructor as Float32ArrayConstructor)(rows * count);
  for (let i = 0; i < rows; i++) {
    const row = x.data.subarray(i * columns, i * columns + count);
    data.set(row as Float32Array, i * count);
  }
  return { dtype: x.dtype, shape: [rows, count], data };
}

function transposed(values: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = values[i * n + j];
  return out;
}
