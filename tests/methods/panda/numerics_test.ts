/** Linear algebra, projections and populations against their definitions and NumPy. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { inverse, multiply } from "../../../methods/linear_algebra/dense.ts";
import { eigenSymmetric } from "../../../methods/linear_algebra/eigen.ts";
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

describe("spectra", () => {
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
