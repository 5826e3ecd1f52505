/** Products, factors, inverses and eigenvectors against their definitions. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  type Dense,
  gram,
  inverse,
  invert,
  multiply,
  semidefiniteFactor,
  transpose,
  zeros,
} from "../../../methods/linear_algebra/dense.ts";
import { eigenSymmetric } from "../../../methods/linear_algebra/eigen.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { dense, difference } from "../panda/reference.ts";

const random = stream(5, "numerics");

function normal(rows: number, columns: number): Dense {
  const out = zeros(rows, columns);
  for (let i = 0; i < out.data.length; i++) out.data[i] = random.nextNormal();
  return out;
}

function product(a: Dense, b: Dense): Dense {
  const out = zeros(a.rows, b.columns), columns = transpose(b);
  for (let j = 0; j < b.columns; j++) {
    const column = new Float64Array(a.rows);
    multiply(a, columns.data.slice(j * b.rows, (j + 1) * b.rows), column);
    for (let i = 0; i < a.rows; i++) out.data[i * b.columns + j] = column[i];
  }
  return out;
}

function identity(n: number): Dense {
  const out = zeros(n, n);
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1;
  return out;
}

describe("linear algebra", () => {
  const a = normal(7, 12), square = gram(a);

  it("gram(), semidefiniteFactor(), inverse() and invert() hold to their definitions", () => {
    assert(difference(square.data, product(a, transpose(a)).data) < 1e-12);
    const l = semidefiniteFactor(square);
    assert(difference(product(l, transpose(l)).data, square.data) < 1e-12);
    assert(difference(product(square, inverse(square)).data, identity(7).data) < 1e-10);
    const rows = Array.from({ length: 7 }, (_, i) => a.data.slice(i * 12, i * 12 + 7));
    const inverted = dense(invert(rows)!.map((row) => [...row]));
    assert(
      difference(product(dense(rows.map((r) => [...r])), inverted).data, identity(7).data) < 1e-9,
    );
  });

  it("invert() refuses a singular matrix, semidefiniteFactor() an indefinite one", () => {
    assert.equal(invert([Float64Array.of(1, 2), Float64Array.of(2, 4)]), null);
    assert.throws(() => semidefiniteFactor(dense([[1, 2], [2, 1]])), /not positive semidefinite/);
  });

  it("eigenSymmetric() diagonalises, also with equal eigenvalues", () => {
    for (const m of [square, identity(5), gram(normal(40, 15)), dense([[2, 1], [1, 2]])]) {
      const { values, vectors } = eigenSymmetric(m);
      const scaled = { ...vectors, data: vectors.data.slice() };
      for (let k = 0; k < m.rows; k++) {
        for (let j = 0; j < m.rows; j++) scaled.data[k * m.rows + j] *= values[k];
      }
      assert(difference(product(transpose(vectors), scaled).data, m.data) < 1e-11);
      assert(difference(product(vectors, transpose(vectors)).data, identity(m.rows).data) < 1e-12);
      assert(values.every((v, k) => k === 0 || v >= values[k - 1]));
    }
  });

  it("eigenSymmetric() converges on a null space of rounding errors", () => {
    const tall = zeros(196, 120);
    for (let i = 0; i < 120; i++) {
      for (let j = 0; j < 196; j++) {
        const at = 16 + i * 784 + 56 * Math.floor(j / 14) + 2 * (j % 14);
        const pixel = (k: number) => Math.fround(((k * k * 31 + 7 * k) % 256) / 1020);
        const four = [at, at + 1, at + 28, at + 29].map(pixel);
        tall.data[j * 120 + i] = four.reduce((a, b) => a + b);
      }
    }
    for (let j = 0; j < 196; j++) {
      const row = tall.data.subarray(j * 120, (j + 1) * 120);
      const mean = row.reduce((a, b) => a + b) / 120;
      for (let i = 0; i < 120; i++) row[i] -= mean;
    }
    const { values } = eigenSymmetric(gram(tall, 120));
    assert(values.slice(0, 77).every((v) => Math.abs(v) < 1e-14));
    const trace = gram(tall, 120).data.reduce((sum, v, at) => at % 197 === 0 ? sum + v : sum, 0);
    assert(Math.abs(values.reduce((a, b) => a + b) - trace) < 1e-12);
  });
});
