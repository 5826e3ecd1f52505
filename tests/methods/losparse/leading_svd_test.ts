// The leading part of a decomposition beside LAPACK's, and beside rotations for small matrices.

import assert from "node:assert/strict";
import { leadingSvd, normKurtosis, svd, tailsOf } from "../../../methods/losparse/mod.ts";
import { fromNested, type NdArray, ndarray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/singular_values.json" with { type: "json" };

/** As in tests/reference/singular_values.py. */
function matrix(m: number, n: number): NdArray {
  const data = Float64Array.from({ length: m * n }, (_, k) => {
    const i = Math.floor(k / n), j = k % n;
    return Math.sin(0.7 * i + 1.3 * j * j + 0.01 * i * j) / (1 + Math.abs(i - j));
  });
  return ndarray(data, [m, n]);
}

const column = ({ data, shape: [rows, columns] }: NdArray, k: number) =>
  Array.from({ length: rows }, (_, i) => Number(data[i * columns + k]));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((t, x, i) => t + x * b[i], 0);

for (const { shape, s, squares } of reference.cases) {
  const [m, n] = shape, rank = 5;
  Deno.test(`leadingSvd() of ${m} × ${n} is LAPACK's, with orthonormal vectors`, () => {
    const x = matrix(m, n), found = leadingSvd(x, rank);
    s.forEach((value, k) => assert.ok(Math.abs(found.s[k] - value) < 1e-9 * s[0], `s[${k}]`));
    const total = found.s.reduce((sum, value) => sum + value ** 2, 0);
    assert.ok(Math.abs(total / squares - 1) < 1e-9);
    assert.deepEqual([found.u.shape, found.v.shape], [[m, rank], [n, rank]]);
    for (let a = 0; a < rank; a++) {
      for (let b = 0; b < rank; b++) {
        const expected = a === b ? 1 : 0;
        assert.ok(Math.abs(dot(column(found.u, a), column(found.u, b)) - expected) < 1e-8);
        assert.ok(Math.abs(dot(column(found.v, a), column(found.v, b)) - expected) < 1e-8);
      }
      // x v = s u.
      const v = column(found.v, a), u = column(found.u, a);
      for (let i = 0; i < m; i++) {
        const row = Array.from({ length: n }, (_, j) => Number(x.data[i * n + j]));
        assert.ok(Math.abs(dot(row, v) - found.s[a] * u[i]) < 1e-7 * s[0]);
      }
    }
  });
}

Deno.test("small matrices go through rotations; what has no further direction gets zeros", () => {
  const x = stream(2).normal([9, 4]), whole = svd(x), leading = leadingSvd(x, 2);
  assert.deepEqual([...leading.s], [...whole.s]);
  assert.deepEqual(column(leading.u, 1), column(whole.u, 1));
  // Rank 1, and larger than rotations are used for.
  const ones = ndarray(new Float64Array(150 * 140).fill(1), [150, 140]);
  const { s, u } = leadingSvd(ones, 3);
  assert.ok(Math.abs(s[0] - Math.sqrt(150 * 140)) < 1e-9 && s[1] < 1e-4);
  assert.deepEqual(column(u, 2), new Array(150).fill(0));
  assert.throws(() => leadingSvd(x, 5), RangeError);
  assert.throws(() => leadingSvd(x, 0), RangeError);
  assert.throws(() => leadingSvd(fromNested([1, 2]), 1), /no matrix/);
  const holed = ndarray(new Float64Array(150 * 140).fill(NaN), [150, 140]);
  assert.throws(() => leadingSvd(holed, 1), /not all are finite/);
});

Deno.test("tails are shares of the squared norm; kurtosis tells strong columns from even ones", () => {
  assert.deepEqual(tailsOf([2, 1, 0]), [1, 0.2, 0, 0]);
  const even = stream(3).normal([64, 400]);
  const strong = ndarray(
    Float64Array.from(even.data as Float32Array, (x, k) => k % 400 < 8 ? 6 * x : x),
    even.shape,
  );
  assert.ok(Math.abs(normKurtosis(even) - 3) < 1);
  assert.ok(normKurtosis(strong) > 20);
});
