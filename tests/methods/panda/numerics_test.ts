/** Linear algebra, projections and populations against their definitions and NumPy. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  cholesky,
  type Dense,
  gram,
  inverse,
  invert,
  multiply,
  transpose,
  zeros,
} from "../../../methods/panda/dense.ts";
import { eigenSymmetric } from "../../../methods/panda/eigen.ts";
import { populationOf } from "../../../methods/panda/populations.ts";
import {
  projectOnCone,
  projectOnSlabCone,
  softThreshold,
} from "../../../methods/panda/projections.ts";
import { scoresOf } from "../../../methods/panda/scores.ts";
import { spectrumOf } from "../../../methods/panda/spectrum.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { dense, difference, momentsOfCase, reference } from "./reference.ts";

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

  it("gram(), cholesky(), inverse() and invert() hold to their definitions", () => {
    assert(difference(square.data, product(a, transpose(a)).data) < 1e-12);
    const l = cholesky(square);
    assert(difference(product(l, transpose(l)).data, square.data) < 1e-12);
    assert(difference(product(square, inverse(square)).data, identity(7).data) < 1e-10);
    const rows = Array.from({ length: 7 }, (_, i) => a.data.slice(i * 12, i * 12 + 7));
    const inverted = dense(invert(rows)!.map((row) => [...row]));
    assert(
      difference(product(dense(rows.map((r) => [...r])), inverted).data, identity(7).data) < 1e-9,
    );
  });

  it("invert() refuses a singular matrix, cholesky() an indefinite one", () => {
    assert.equal(invert([Float64Array.of(1, 2), Float64Array.of(2, 4)]), null);
    assert.throws(() => cholesky(dense([[1, 2], [2, 1]])), /not positive semidefinite/);
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

  it("spectrumOf() has NumPy's eigenvalues, thin or not", () => {
    for (const one of reference.cases) {
      const { values } = spectrumOf(momentsOfCase(one));
      const expected = one.eigenvalues.slice(-values.length);
      assert(difference(values, expected) < 1e-11, one.name);
      const dropped = one.eigenvalues.slice(0, -values.length);
      assert(dropped.every((v) => Math.abs(v) < 1e-10));
    }
  });
});

describe("projections", () => {
  /** A projection is the nearest point: no feasible point near it is closer. */
  function isNearest(
    point: number[],
    projected: number[],
    feasible: (x: number[]) => boolean,
  ): boolean {
    const distance = (x: number[]) => x.reduce((s, v, i) => s + (v - point[i]) ** 2, 0);
    const here = distance(projected);
    for (let trial = 0; trial < 400; trial++) {
      const size = 10 ** -(trial % 5);
      const near = projected.map((v) => v + size * random.nextNormal());
      if (feasible(near) && distance(near) < here - 1e-9) return false;
    }
    return true;
  }

  it("projectOnSlabCone() gives the nearest point of the set", () => {
    const centre = Float64Array.of(1, -2, 0.5);
    for (let trial = 0; trial < 30; trial++) {
      const point = Array.from({ length: 4 }, () => 3 * random.nextNormal());
      const z = Float64Array.from(point.slice(0, 3));
      const t = projectOnSlabCone(z, point[3], centre, 0.7);
      const within = (x: number[], e: number) =>
        centre.every((m, i) => Math.abs(x[i] - m) <= 0.7 * (x[3] + 1) + e);
      assert(within([...z, t], 1e-12));
      assert(isNearest(point, [...z, t], (x) => within(x, 0)));
    }
  });

  it("projectOnCone() gives the nearest point of the cone", () => {
    for (let trial = 0; trial < 30; trial++) {
      const point = Array.from({ length: 4 }, () => random.nextNormal());
      const z = Float64Array.from(point.slice(0, 3));
      const t = projectOnCone(z, point[3]);
      const within = (x: number[], e: number) => Math.hypot(x[0], x[1], x[2]) <= x[3] + e;
      assert(within([...z, t], 1e-12));
      assert(isNearest(point, [...z, t], (x) => within(x, 0)));
    }
  });

  it("softThreshold() shrinks towards zero", () => {
    const x = Float64Array.of(3, -0.5, -2);
    softThreshold(x, 1);
    assert.deepEqual([...x], [2, 0, -1]);
  });
});

describe("populations and scores", () => {
  it("model e has the Δ that the paper prints", () => {
    const e = populationOf({ model: "approximately_sparse", p: 400, s: 5 }, stream(0, "e"));
    assert(Math.abs(e.delta - reference.delta_e_400) < 1e-9);
    assert.equal(e.delta.toFixed(2), "2.57");
  });

  it("model b has figure 3's Δ only when the AR part is added to the diagonal", () => {
    const delta = (model: "varying_diagonal" | "varying_diagonal_sum") =>
      populationOf({ model, p: 40, s: 5 }, stream(0, "b")).delta.toFixed(2);
    assert.equal(delta("varying_diagonal_sum"), "3.91");
    assert.equal(delta("varying_diagonal"), "3.78");
  });

  it("model a's precision matrix is 0.9^|j−k|; all models are positive definite", () => {
    const { covariance } = populationOf({ model: "ar1", p: 12, s: 3 }, stream(0, "a"));
    const precision = inverse(covariance);
    assert(Math.abs(precision.data[2 * 12 + 5] - 0.9 ** 3) < 1e-9);
    for (const model of ["erdos_renyi", "block_sparse"] as const) {
      const population = populationOf({ model, p: 12, s: 3 }, stream(0, model));
      assert(eigenSymmetric(population.covariance).values[0] > 0);
    }
  });

  it("scoresOf() has SciPy's risk and AUC", () => {
    const { sigma, beta, estimate, midpoint, risk, auc } = reference.risk;
    const covariance = dense(sigma), truth = Float64Array.from(beta);
    const means = new Float64Array(beta.length);
    multiply(covariance, truth, means);
    const population = {
      covariance,
      beta: truth,
      difference: means,
      delta: 1,
      factor: covariance,
    };
    const scores = scoresOf(population, Float64Array.from(estimate), Float64Array.from(midpoint));
    assert(Math.abs(scores.risk - risk) < 1e-7);
    assert(Math.abs(scores.auc - auc) < 1e-7);
    assert.equal(scoresOf(population, new Float64Array(5), truth).risk, 0.5);
  });
});
