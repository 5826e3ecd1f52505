/** The balance, spectra, counts of cells and shapes of curves, against SciPy, NumPy and closed forms. */

import assert from "node:assert/strict";
import {
  type BalanceOptions,
  exponentialDimension,
  logCells,
  solveBalance,
} from "../../../methods/minkowski/balance.ts";
import { countCells } from "../../../methods/minkowski/box_counting.ts";
import { curvature, sizesAboveFloor } from "../../../methods/minkowski/curve_shape.ts";
import { gaussianPoints } from "../../../methods/minkowski/design.ts";
import { eigenvalues, type Spectrum } from "../../../methods/minkowski/spectrum.ts";
import { square } from "../../../methods/linear_algebra/dense.ts";
import { eigenSymmetric } from "../../../methods/linear_algebra/eigen.ts";
import { slope } from "../../../methods/stats/slope.ts";
import reference from "../../reference/minkowski.json" with { type: "json" };

const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);

const spectrumOf = (kind: string, value: number): Spectrum =>
  kind === "exponential"
    ? { kind, rate: value }
    : kind === "polynomial"
    ? { kind, exponent: value }
    : { kind: "isotropic" };

Deno.test("solveBalance() agrees with SciPy's root finder", () => {
  for (const r of reference.balances) {
    const lambda = eigenvalues(spectrumOf(r.kind, r.value), r.d);
    const b = solveBalance(lambda, { smoothness: r.s, n: r.n, radius: r.radius });
    const what = `${r.kind} ${r.value}, d ${r.d}, n ${r.n}`;
    close(b.epsilon, r.epsilon, 1e-10, `ε of ${what}`);
    close(b.dimension, r.dimension, 1e-9, `p of ${what}`);
    close(b.logError, r.logError, 1e-9, `log ε^2s of ${what}`);
    close(b.localSlope, r.localSlope, 1e-5, `local slope of ${what}`);
    close(logCells(lambda, b.epsilon, r.radius), b.logCells, 1e-9, `log N(ε) of ${what}`);
  }
});

/** The specification's table: d = 256, R = 1; p and −2s/(2s + p) at n = 10³, 10⁴, 10⁵; slope between. */
const TABLE: [Spectrum, number, number[], number[], number][] = [
  [{ kind: "exponential", rate: 0.5 }, 1, [3.2, 3.7, 4.2], [-0.39, -0.35, -0.32], -0.23],
  [{ kind: "exponential", rate: 1 }, 1, [2.2, 2.5, 2.9], [-0.48, -0.44, -0.41], -0.31],
  [{ kind: "exponential", rate: 2 }, 1, [1.5, 1.8, 2.0], [-0.57, -0.53, -0.5], -0.4],
  [{ kind: "exponential", rate: 4 }, 1, [1.1, 1.3, 1.4], [-0.65, -0.61, -0.59], -0.5],
  [{ kind: "exponential", rate: 1 }, 2, [1.8, 2.0, 2.4], [-0.7, -0.66, -0.63], -0.53],
];

Deno.test("solveBalance() gives the table of the specification, to its digits", () => {
  // Printed to one and two digits, some after having been rounded before (2.346, 2.35, 2.4).
  for (const [spectrum, smoothness, p, plugIn, between] of TABLE) {
    const lambda = eigenvalues(spectrum, 256);
    const all = [1e3, 1e4, 1e5].map((n) => solveBalance(lambda, { smoothness, n }));
    all.forEach((b, i) => {
      close(b.dimension, p[i], 0.0551, "p");
      close(b.plugInSlope, plugIn[i], 0.0075, "−2s/(2s + p)");
    });
    close((all[2].logError - all[0].logError) / Math.log(100), between, 0.0051, "slope");
  }
  const polynomial = [[2, 2.7, -0.43, -0.23], [4, 1.6, -0.56, -0.39], [8, 1.1, -0.65, -0.55]];
  for (const [exponent, p, plugIn, between] of polynomial) {
    const lambda = eigenvalues({ kind: "polynomial", exponent }, 256);
    const at = (n: number) => solveBalance(lambda, { smoothness: 1, n });
    close(at(1e4).dimension, p, 0.0501, "p");
    close(at(1e4).plugInSlope, plugIn, 0.0051, "−2s/(2s + p)");
    close((at(1e5).logError - at(1e3).logError) / Math.log(100), between, 0.0051, "slope");
  }
  for (const [d, rate] of [[4, -1 / 3], [8, -0.2]]) {
    const b = solveBalance(eigenvalues({ kind: "isotropic" }, d), { smoothness: 1, n: 1e4 });
    close(b.dimension, d, 1e-12, "p");
    close(b.localSlope, rate, 1e-12, "local slope");
    close(b.plugInSlope, rate, 1e-12, "plug-in slope");
  }
});

Deno.test("the closed form is that of a continuous index, half a coordinate below the sum", () => {
  for (const [s, rate, n] of [[1, 0.5, 1e3], [1, 1, 1e5], [2, 1, 1e4]]) {
    const exact = solveBalance(eigenvalues({ kind: "exponential", rate }, 256), {
      smoothness: s,
      n,
    });
    const shifted = exact.dimension - exponentialDimension(s, rate, n);
    assert.ok(shifted > 0.25 && shifted < 0.5, `${shifted}`);
    // λ_j = exp(−θ (j + ½)) are the midpoints that the integral stands for.
    const midpoints = Float64Array.from({ length: 256 }, (_, j) => Math.exp(-rate * (j + 0.5)));
    close(
      solveBalance(midpoints, { smoothness: s, n }).dimension,
      exponentialDimension(s, rate, n),
      0.05,
      "p of the midpoints",
    );
  }
});

Deno.test("solveBalance() refuses what has no solution, and takes zeros", () => {
  const given = (o: Partial<BalanceOptions>) => ({ smoothness: 1, n: 100, ...o });
  assert.throws(() => solveBalance([1], given({ n: 1 })), /n > 1/);
  assert.throws(() => solveBalance([1], given({ smoothness: 0 })), /not positive/);
  assert.throws(() => solveBalance([1, 2], given({})), /sort them/);
  assert.equal(solveBalance([1, 0, 0], given({})).active, 1);
  assert.throws(() => eigenvalues({ kind: "isotropic" }, 0), /at least 1/);
});

Deno.test("countCells() finds the dimension of Gaussian samples and of thin sets", () => {
  const gaussian = (lambda: ArrayLike<number>) => gaussianPoints(3, "pool", lambda, 20_000);
  close(countCells(gaussian([1, 1]), { epsilon: 0.1 }).dimension, 2, 0.05, "two dimensions");
  // Six more coordinates, far narrower than a cell: the cube of side ε would see eight dimensions.
  const thin = [1, 1, ...Array.from({ length: 6 }, () => 1e-6)];
  close(countCells(gaussian(thin), { epsilon: 0.1 }).dimension, 2, 0.05, "a thick plane");
  const far = countCells(gaussian([1, 1, 1, 1]), { epsilon: 0.3 });
  assert.ok(far.dimension > 3.8, "a wrong case: four dimensions are not taken for two");
});

Deno.test("countCells() covers what it says, and no less", () => {
  // 6 points in one cell, 3 in a second, 1 in a third.
  const at = (x: number, times: number) => Array.from({ length: times }, () => x);
  const points = {
    dtype: "float32" as const,
    shape: [10, 1],
    data: Float32Array.from([...at(0, 6), ...at(1, 3), ...at(2, 1)]),
  };
  const counts = [0, 0.1, 0.11, 0.4].map((omitted) =>
    countCells(points, { epsilon: 0.2, omitted })
  );
  assert.deepEqual(counts.map((c) => c.cover), [3, 2, 2, 1]);
  assert.equal(counts[0].occupied, 3);
  const entropy = -(0.6 * Math.log(0.6) + 0.3 * Math.log(0.3) + 0.1 * Math.log(0.1));
  close(counts[0].typical, Math.exp(entropy), 1e-12, "exp H");
  assert.throws(() => countCells(points, { epsilon: 1 }), /ε must be/);
  assert.throws(() => countCells(points, { epsilon: 0.5, omitted: 1 }), /τ must be/);
});

Deno.test("curvature() agrees with NumPy's parabola and is 0 for a line", () => {
  const { x, y, value } = reference.curvature;
  close(curvature(x, y), value, 1e-10, "curvature");
  close(curvature(x, x.map((v) => 3 - 2 * v)), 0, 1e-12, "curvature of a line");
  assert.throws(() => curvature([1, 1, 2], [0, 0, 0]), /three different/);
});

Deno.test("the predicted curve flattens for exponential decay and not without decay", () => {
  const sizes = [250, 500, 1000, 2000, 4000, 8000];
  const bend = (spectrum: Spectrum) => {
    const lambda = eigenvalues(spectrum, 16);
    return curvature(
      sizes.map(Math.log),
      sizes.map((n) => solveBalance(lambda, { smoothness: 1, n }).logError),
    );
  };
  for (const rate of [0.25, 0.5, 1, 2]) assert.ok(bend({ kind: "exponential", rate }) > 0.002);
  close(bend({ kind: "isotropic" }), 0, 1e-10, "isotropic");
});

Deno.test("sizesAboveFloor() decides for all seeds by their mean", () => {
  const sizes = [100, 200, 400];
  const curves = [
    { sizes, error: [0.8, 0.4, 0.22], floor: 0.2 },
    { sizes, error: [0.8, 0.4, 0.24], floor: 0.2 },
  ];
  assert.deepEqual(sizesAboveFloor(curves, 1.25), [100, 200]);
  assert.deepEqual(sizesAboveFloor(curves, 1), sizes);
  // The flat end would have hidden the slope of −1.
  const { error } = curves[0];
  close(
    slope(sizes.slice(0, 2).map(Math.log), error.slice(0, 2).map(Math.log)),
    -1,
    1e-12,
    "slope",
  );
});

Deno.test("eigenSymmetric() agrees with LAPACK", () => {
  const { d, matrix, values } = reference.eigen;
  const lower = Float64Array.from(matrix, (_, at) => {
    const i = Math.floor(at / d), j = at % d;
    return matrix[Math.min(i, j) * d + Math.max(i, j)];
  });
  const eigen = eigenSymmetric(square(lower, d));
  eigen.values.toReversed().forEach((v, k) => close(v, values[k], 1e-12, `λ_${k}`));
});
