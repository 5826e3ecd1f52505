// Kernel ridge regression, Gaussian processes and their linear algebra, against scikit-learn.

import assert from "node:assert/strict";
import { cholesky, solveCholesky } from "../../../methods/linear_algebra/cholesky.ts";
import {
  gaussianProcess,
  type KernelFit,
  kernelRidge,
  negativeLogEvidence,
  predictKernel,
} from "../../../methods/convresnext/kernel_methods.ts";
import { ridgedKernel, squaredDistances } from "../../../methods/convresnext/kernels.ts";
import { minimiseOnGrid } from "../../../methods/convresnext/pattern_search.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/convresnext.json" with { type: "json" };
import { numbersOf } from "../nn/reference.ts";

const D = 4, N = 30;
const normal = (name: string, shape: readonly number[]) =>
  stream(5, "convresnext", name).normal(shape).data as Float32Array;
const x = normal("points", [N, D]),
  y = normal("responses", [N]),
  points = normal("new points", [7, D]);
const mean = y.reduce((sum, v) => sum + v, 0) / N;
const rest = Float64Array.from(y, (v) => v - mean);

for (const name of ["rbf", "matern"] as const) {
  const expected = reference.kernels[name];
  const matrix = ridgedKernel(name, squaredDistances(x, x, D), N, expected);
  Deno.test(`${name}: predictions and evidence are scikit-learn's`, () => {
    const weights = solveCholesky(cholesky(matrix), rest);
    const fit: KernelFit = {
      kernel: name,
      x,
      D,
      weights,
      mean,
      tuned: { width: expected.width, ridge: expected.ridge, score: 0 },
    };
    const predictions = predictKernel(fit, points);
    numbersOf(expected.predictions).forEach((v, i) =>
      assert.ok(Math.abs(v - predictions[i]) < 1e-9, `${v} ${predictions[i]}`)
    );
    assert.ok(Math.abs(negativeLogEvidence(matrix, rest) - expected.negativeLogEvidence) < 1e-9);
  });

  Deno.test(`${name}: the search comes near the best evidence that scikit-learn finds`, () => {
    const { tuned } = gaussianProcess(name, D, { x, y });
    const above = tuned.score - expected.bestNegativeLogEvidence;
    // Steps of a factor 2 from the median distance; noise alone explains these responses at 1.37.
    assert.ok(above > -1e-6 && above < 0.02, `${above}`);
  });
}

Deno.test("ridge regression is tuned on the validation sample", () => {
  const wave = (n: number, seed: number) => {
    const u = stream(seed, "wave");
    const at = Float32Array.from({ length: n }, () => 2 * u.nextUniform() - 1);
    return { x: at, y: at.map((v) => Math.sin(6 * v) + 0.2 * u.nextNormal()) };
  };
  const train = wave(200, 1),
    fit = kernelRidge("rbf", 1, train, wave(200, 2)),
    fresh = wave(500, 3);
  const f = predictKernel(fit, fresh.x);
  const mse = f.reduce((sum, v, i) => sum + (v - Math.sin(6 * fresh.x[i])) ** 2, 0) / f.length;
  assert.ok(mse < 0.004, `${mse}`);
  assert.ok(Math.abs(fit.tuned.score - 0.04) < 0.02, "validation error is about the noise");
});

Deno.test("minimiseOnGrid() finds a minimum far from its start, and survives failures", () => {
  const bowl = ([a, b]: readonly number[]) => {
    if (a > 600) throw new RangeError("outside");
    return Math.log2(a / 512) ** 2 + Math.log2(b * 64) ** 2 +
      0.5 * Math.log2(a / 512) * Math.log2(b * 64);
  };
  const { at, value } = minimiseOnGrid(bowl, [1, 1]);
  assert.deepEqual([at, value], [[512, 1 / 64], 0]);
  assert.throws(
    () =>
      minimiseOnGrid(() => {
        throw new RangeError("never");
      }, [1]),
    /no setting/,
  );
});
