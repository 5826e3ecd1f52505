// What decay does to paths: the quasi-norm formula, planted active paths, participation.

import assert from "node:assert/strict";
import {
  activePaths,
  deletionCurves,
  deletionOrder,
} from "../../../methods/convresnext/active_paths.ts";
import { initialParameters, type Parameters } from "../../../methods/convresnext/network.ts";
import {
  balancedNorm,
  balancedPenalty,
  layerNorms,
  participationRatio,
} from "../../../methods/convresnext/path_norms.ts";
import { type NdArray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const execution = { provider: "cpu", threads: 1 } as const;

Deno.test("gradient descent on ½(Π w − 1)² + λ Σ w² ends at the ℓ_{2/L} solution", () => {
  // A path of L scalar layers with output s = Π w_l; its decay is λ L |s|^{2/L} once layers balance.
  for (const L of [2, 3, 6]) {
    const lambda = 0.01;
    const w = Array.from({ length: L }, (_, l) => 0.9 + 0.1 * l);
    for (let step = 0; step < 200_000; step++) {
      const s = w.reduce((a, b) => a * b, 1);
      const gradient = w.map((v) => (s - 1) * s / v + 2 * lambda * v);
      w.forEach((_, l) => w[l] -= 0.01 * gradient[l]);
    }
    const s = w.reduce((a, b) => a * b, 1);
    // Stationary in s: (s − 1) + λ L · (2/L) s^{2/L − 1} = 0.
    assert.ok(Math.abs(s - 1 + 2 * lambda * s ** (2 / L - 1)) < 1e-6, `L = ${L}: s = ${s}`);
    const norms = w.map(Math.abs), sumOfSquares = norms.reduce((a, b) => a + b * b, 0);
    assert.ok(Math.abs(sumOfSquares - L * s ** (2 / L)) < 1e-6, "layers are balanced");
    assert.ok(Math.abs(balancedPenalty(norms) - L * s ** (2 / L)) < 1e-9);
  }
});

Deno.test("balancing: the penalty of unequal layers is above the balanced one, products count", () => {
  assert.ok(Math.abs(balancedPenalty([4, 0.25, 1]) - 3) < 1e-12);
  assert.equal(balancedPenalty([1, 0, 5]), 0);
  assert.ok(Math.abs(balancedNorm([8, 1, 1]) - 2) < 1e-12);
  // The product alone is below the smallest double.
  assert.ok(Math.abs(balancedNorm(Array(6).fill(1e-90)) / 1e-90 - 1) < 1e-12);
});

Deno.test("participationRatio() counts equal shares", () => {
  assert.equal(participationRatio([2, 2, 2, 0, 0]), 3);
  assert.equal(participationRatio([7]), 1);
});

const architecture = { D: 4, w: 3, L: 3, K: 3, M: 4, N: 2 };

/** A network whose paths other than `alive` are scaled by `factor`. */
function planted(alive: readonly number[], factor: number): Parameters<NdArray> {
  const { w, L, K, M, N } = architecture, size = w * w * K;
  const parameters = initialParameters(architecture, stream(3, "planted"));
  const data = parameters.kernels.data as Float32Array;
  for (let n = 0; n < N; n++) {
    for (let l = 0; l < L; l++) {
      for (let m = 0; m < M; m++) {
        if (alive.includes(n * M + m)) continue;
        const from = ((n * L + l) * M + m) * size;
        for (let i = from; i < from + size; i++) data[i] *= factor;
      }
    }
  }
  return parameters;
}

Deno.test("three planted paths among eight are found, in order and in number", async () => {
  const parameters = planted([1, 4, 6], 0.02);
  const order = deletionOrder(architecture, parameters);
  assert.deepEqual(order.slice(5).toSorted((a, b) => a - b), [1, 4, 6]);
  const x = stream(3, "x").normal([200, 4]).data as Float32Array;
  // The control: where nothing was planted, all paths count.
  const all = planted([0, 1, 2, 3, 4, 5, 6, 7], 0);
  const curves = await deletionCurves(architecture, [parameters, all], [x, x], execution);
  assert.deepEqual(curves.map((curve) => curve.length), [8, 8]);
  assert.deepEqual(curves.map((curve) => activePaths(curve, 0.01)), [3, 8]);
});

Deno.test("layerNorms() lists blocks, paths, layers", () => {
  const norms = layerNorms(architecture, planted([5], 0));
  assert.deepEqual(norms.map((block) => block.map((path) => path.every((v) => v > 0))), [
    [false, false, false, false],
    [false, true, false, false],
  ]);
  assert.equal(norms[0][0].length, 3);
});

Deno.test("activePaths() stops at the first deletion that is noticed", () => {
  assert.equal(activePaths([0.001, 0.02, 0.005, 0.5], 0.01), 3);
  assert.equal(activePaths([0.5, 0.6], 0.01), 2);
  assert.equal(activePaths([0, 0], 0.01), 0);
});
