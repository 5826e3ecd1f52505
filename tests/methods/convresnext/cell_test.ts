// Errors with known answers, samples, and whole cells: networks and kernel methods on the same data.

import assert from "node:assert/strict";
import { type Cell, runKernelMethod, runNetworks } from "../../../methods/convresnext/cell.ts";
import {
  degreesOfFreedom,
  excessLogisticRisk,
  meanSquaredError,
} from "../../../methods/convresnext/errors.ts";
import { type DataSpec, draw } from "../../../methods/convresnext/sample.ts";
import { stream } from "../../../methods/tensor/random.ts";

const target = { knots: [0, 0.5, 1], heights: [-2, 4, -2] };
const spec = (D: number, irrelevant = 0): DataSpec => ({
  shape: { kind: "spiral", target },
  D,
  irrelevant,
  risk: "squared",
});

Deno.test("meanSquaredError() over all points or some", () => {
  assert.equal(meanSquaredError([1, 2, 3], [1, 0, 0]), 13 / 3);
  assert.equal(meanSquaredError([1, 2, 3], [1, 0, 0], (i) => i === 1), 4);
});

Deno.test("excessLogisticRisk() is the Kullback-Leibler divergence of the label's law", () => {
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const divergence = (p: number, q: number) =>
    p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  for (const [f, g] of [[0, 0], [1, -2], [-3, 0.5], [8, 7]]) {
    const expected = divergence(sigmoid(g), sigmoid(f));
    assert.ok(Math.abs(excessLogisticRisk([f], [g]) - expected) < 1e-9, `${f} ${g}`);
  }
  // No overflow: the truth says 0, the prediction is sure of 1.
  assert.ok(Math.abs(excessLogisticRisk([1000], [-1000]) - 1000) < 1e-9);
});

Deno.test("degreesOfFreedom() of least squares on k columns is k on average", () => {
  const n = 40, k = 3, draws = 2000;
  // Orthonormal columns: indicators of k blocks.
  const block = (i: number) => Math.min(k - 1, Math.floor(i * k / n));
  const truth = Array.from({ length: n }, (_, i) => block(i));
  let total = 0;
  for (let s = 0; s < draws; s++) {
    const noise = stream(s, "dof"), y = truth.map((g) => g + noise.nextNormal());
    const sums = Array(k).fill(0), counts = Array(k).fill(0);
    y.forEach((v, i) => (sums[block(i)] += v, counts[block(i)]++));
    total += degreesOfFreedom(y.map((_, i) => sums[block(i)] / counts[block(i)]), y, truth);
  }
  // The sum has variance 2k: four standard errors.
  assert.ok(Math.abs(total / draws - k) < 4 * Math.sqrt(2 * k / draws), `${total / draws}`);
});

Deno.test("draw(): roles differ, a seed repeats, labels follow their probabilities", () => {
  const train = draw(spec(5, 1), 1, "train", 50);
  assert.deepEqual(draw(spec(5, 1), 1, "train", 50), train);
  assert.notDeepEqual(draw(spec(5, 1), 2, "train", 50).x, train.x);
  assert.ok(Math.abs(train.place[0] - 0.01) < 1e-12, "evenly spaced");
  // Irrelevant coordinates lengthen the points; without them lengths are the spiral's.
  const length = (x: Float32Array, i: number) => Math.hypot(...x.subarray(5 * i, 5 * i + 5));
  const bare = draw(spec(5), 1, "train", 50);
  assert.ok(Math.abs(length(bare.x, 49) - Math.hypot(0.99, 0.99 * 0.01)) < 1e-5);
  assert.ok(length(train.x, 0) > length(bare.x, 0));
  const labels = draw({ ...spec(5), risk: "logistic" }, 1, "test", 4000);
  assert.ok(labels.y.every((v) => v === 0 || v === 1));
  const expected = labels.truth.reduce((sum, g) => sum + 1 / (1 + Math.exp(-g)), 0) / 4000;
  const share = labels.y.reduce((a, b) => a + b, 0) / 4000;
  assert.ok(Math.abs(share - expected) < 0.03);
});

const cell = (D: number, irrelevant = 0): Cell => ({
  data: spec(D, irrelevant),
  n: 128,
  testPoints: 300,
  network: { w: 4, L: 3, K: 3, M: 2, N: 1 },
  training: { optimizer: "adam", lr: 0.01, steps: 200, batch: 32 },
  decay: 1e-3,
  crowd: [0.4, 0.6],
  seeds: [3, 4],
});

Deno.test("kernel methods do not see the ambient dimension of a curve, but irrelevant coordinates", () => {
  for (const method of ["krr", "gp"] as const) {
    const errors = (c: Cell) => runKernelMethod(method, c).map(({ error }) => error);
    const low = errors(cell(3)), high = errors(cell(20)), filled = errors(cell(20, 1));
    low.forEach((error, i) => {
      assert.ok(Math.abs(high[i] / error - 1) < 1e-2, `${method}: ${high[i]} against ${error}`);
      assert.ok(filled[i] > 2 * error, `${method}: ${filled[i]} against ${error}`);
    });
  }
});

Deno.test("a cell of networks: two seeds, better than the mean, all that is measured", async () => {
  const outcomes = await runNetworks(cell(3), { provider: "cpu", threads: 1 });
  assert.deepEqual(outcomes.map(({ seed }) => seed), [3, 4]);
  for (const { error, local, degrees, paths } of outcomes) {
    // g₀ has variance 3.
    assert.ok(error > 0 && error < 2, `${error}`);
    const { inside, outside } = local!;
    assert.ok(Math.min(inside, outside) <= error && error <= Math.max(inside, outside));
    assert.ok(degrees! > 0 && degrees! < 60);
    assert.ok([1, 2].includes(paths!.active) && paths!.participation <= 2);
  }
});
