/** Cholesky factors of definite matrices. */

import assert from "node:assert/strict";
import {
  cholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
} from "../../../methods/linear_algebra/cholesky.ts";
import { square } from "../../../methods/linear_algebra/dense.ts";
import { stream } from "../../../methods/tensor/random.ts";

// One block; more than two blocks, and odd.
for (const n of [9, 131]) {
  Deno.test(`cholesky() of ${n} × ${n} factors, solves, and refuses what is not positive definite`, () => {
    const a = stream(2, "factor").normal([n, n], { dtype: "float64" }).data as Float64Array;
    const data = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) data[i * n + j] += a[i * n + k] * a[j * n + k] / n;
      }
      data[i * n + i] += 0.1;
    }
    const factor = cholesky(square(data, n));
    const truth = Float64Array.from({ length: n }, (_, i) => Math.sin(i));
    const b = truth.map((_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += data[i * n + j] * truth[j];
      return sum;
    });
    solveCholesky(factor, b).forEach((v, i) => assert.ok(Math.abs(v - truth[i]) < 1e-9));
    data[5 * n + 5] = -1;
    assert.throws(() => cholesky(square(data, n)), /not positive definite at row 5/);
  });
}

Deno.test("solveLower() and logDeterminant() have values worked out by hand", () => {
  const factor = cholesky(square(Float64Array.of(4, 2, 2, 3), 2));
  assert.ok(Math.abs(logDeterminant(factor) - Math.log(8)) < 1e-14);
  const x = solveLower(factor, [2, 1 + Math.SQRT2]);
  assert.ok(Math.abs(x[0] - 1) < 1e-15 && Math.abs(x[1] - 1) < 1e-15);
});
