// Warm-up and cosine at their landmarks, and the tables that training programs scan over.

import assert from "node:assert/strict";
import {
  learningRates,
  type TriangleRate,
  triangleRate,
  warmupCosine,
} from "../../../methods/optim/mod.ts";

const settings = { peak: 2, warmup: 4, steps: 12, floor: 0.5 };

Deno.test("warmupCosine() rises linearly, peaks, halves and ends where it should", () => {
  const rate = warmupCosine(settings);
  assert.deepEqual([0, 1, 2, 3, 4].map(rate), [0.5, 1, 1.5, 2, 2]);
  assert.ok(Math.abs(rate(8) - 1.25) < 1e-12);
  assert.ok(Math.abs(rate(6) - (0.5 + 0.75 * (1 + Math.SQRT1_2))) < 1e-12);
  assert.deepEqual([rate(12), rate(100)], [0.5, 0.5]);
});

Deno.test("warmupCosine() without warm-up begins at the peak", () => {
  assert.equal(warmupCosine({ peak: 3, warmup: 0, steps: 5 })(0), 3);
});

Deno.test("warmupCosine() refuses a warm-up longer than the schedule", () => {
  assert.throws(() => warmupCosine({ peak: 1, warmup: 6, steps: 5 }), /warm-up of 6.*5 steps/);
});

Deno.test("triangleRate() rises to its peak and falls to 0, and refuses a rise of all steps", () => {
  const rates = (options: Omit<TriangleRate, "peak">) =>
    Array.from(
      { length: 7 },
      (_, step) => Number(triangleRate({ peak: 4, ...options })(step).toFixed(9)),
    );
  assert.deepEqual(rates({ steps: 6, rise: 2 }), [0, 2, 4, 3, 2, 1, 0]);
  assert.deepEqual(rates({ steps: 6, rise: 2, from: 2 }), [2, 3, 4, 3, 2, 1, 0]);
  assert.deepEqual(rates({ steps: 4, rise: 0 }), [4, 3, 2, 1, 0, 0, 0]);
  assert.throws(() => triangleRate({ peak: 1, steps: 3, rise: 3 }), {
    name: "TensorError",
    code: "argument",
  });
});

Deno.test("learningRates() tabulates a stretch of a schedule", () => {
  const table = learningRates(warmupCosine(settings), 2, 3);
  assert.deepEqual(table, { dtype: "float32", shape: [3], data: Float32Array.of(1.5, 2, 2) });
});
