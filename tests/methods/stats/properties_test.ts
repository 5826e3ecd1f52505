/** Properties of methods/stats that need no reference. */

import assert from "node:assert/strict";
import {
  bootstrapInterval,
  holm,
  interaction,
  mean,
  signFlipTest,
  slopeOverSeeds,
  tost,
  tostOfFraction,
  tostOfRatio,
  tTest,
} from "../../../methods/stats/mod.ts";

/** All samples with the given absolute values: the null distribution of the sign-flip test. */
function allSigns(magnitudes: readonly number[]): number[][] {
  return magnitudes.reduce<number[][]>(
    (samples, m) => samples.flatMap((s) => [[...s, m], [...s, -m]]),
    [[]],
  );
}

Deno.test("signFlipTest's p is uniform under the null: P(p ≤ k/2^n) = k/2^n", () => {
  const samples = allSigns([0.31, 1.7, 0.92, 2.45, 0.08, 1.13]);
  for (const alternative of ["less", "greater"] as const) {
    const p = samples.map((s) => signFlipTest(s, { alternative }).p).sort((a, b) => a - b);
    p.forEach((value, i) => assert.equal(value, (i + 1) / samples.length));
  }
  const twoSided = samples.map((s) => signFlipTest(s).p).sort((a, b) => a - b);
  twoSided.forEach((value, i) => assert.equal(value, (2 * Math.floor(i / 2) + 2) / samples.length));
});

Deno.test("signFlipTest's two directions overlap by the observed pattern only", () => {
  const sample = [0.3, -0.12, 0.7, 0.05, -0.44];
  const less = signFlipTest(sample, { alternative: "less" }).p;
  const greater = signFlipTest(sample, { alternative: "greater" }).p;
  assert.equal(less + greater, 1 + 1 / 32);
  const mirrored = signFlipTest(sample.map((v) => -v), { alternative: "greater" }).p;
  assert.equal(mirrored, less);
});

Deno.test("signFlipTest counts ties, whatever the order of the sum", () => {
  assert.equal(signFlipTest([0, 0, 0]).p, 1);
  assert.equal(signFlipTest([0.1, 0.2, 0.3], { alternative: "greater" }).p, 1 / 8);
  assert.equal(signFlipTest([0.1, 0.2, -0.3], { alternative: "greater" }).p, 5 / 8);
});

Deno.test("signFlipTest draws patterns beyond the limit and never returns 0", () => {
  const strong = Array.from({ length: 30 }, (_, i) => 1 + i / 100);
  const drawn = signFlipTest(strong, { alternative: "greater", draws: 5000 });
  assert.equal(drawn.exact, false);
  assert.equal(drawn.p, 1 / 5001);
  const weak = [0.4, -0.3, 0.9, 0.2, -0.1, 0.5, 0.3, -0.6, 0.8, 0.1];
  const exact = signFlipTest(weak).p;
  const estimate = signFlipTest(weak, { exactUpTo: 5, draws: 40_000, seed: 3 });
  assert.ok(Math.abs(estimate.p - exact) < 0.01, `${estimate.p} against ${exact}`);
  assert.deepEqual(signFlipTest(weak, { exactUpTo: 5, draws: 500, seed: 3 }), {
    ...signFlipTest(weak, { exactUpTo: 5, draws: 500, seed: 3 }),
  });
});

Deno.test("signFlipTest and tTest refuse bad samples by position", () => {
  assert.throws(() => signFlipTest([]), /at least 1/);
  assert.throws(() => signFlipTest([1, NaN]), /value 1 is NaN/);
  assert.throws(() => tTest([1]), /at least 2/);
});

Deno.test("tTest handles a sample without spread", () => {
  assert.equal(tTest([2, 2, 2], { alternative: "greater" }).p, 0);
  assert.equal(tTest([0, 0, 0]).p, 1);
});

Deno.test("holm never lowers p, keeps order and caps at 1", () => {
  assert.deepEqual(holm([0.02]), [0.02]);
  assert.deepEqual(holm([0.01, 0.02]), [0.02, 0.02]);
  assert.deepEqual(holm([0.5, 0.6, 0.9]), [1, 1, 1]);
  assert.throws(() => holm([0.1, NaN]), /not a p value/);
});

Deno.test("tost accepts exactly when the 1 − 2α interval lies inside the margin", () => {
  const values = [0.02, -0.01, 0.005, 0.012, -0.004, 0.001];
  const [low, high] = tTest(values, { confidence: 0.9 }).interval;
  const edge = Math.max(-low, high);
  assert.ok(tost(values, edge * 1.001).p < 0.05);
  assert.ok(tost(values, edge * 0.999).p > 0.05);
  assert.throws(() => tost(values, 0), /positive/);
});

Deno.test("tostOfFraction lets the margin vary with the reference", () => {
  const reference = [10, 20, 40, 80];
  const values = reference.map((r) => 1.004 * r);
  assert.ok(tostOfFraction(values, reference, 0.01).p < 0.1);
  assert.ok(tostOfFraction(reference.map((r) => 1.02 * r), reference, 0.01).p > 0.9);
  // All ratios equal: the log scale sees no spread at all.
  assert.equal(tostOfRatio([11, 22, 44], [10, 20, 40], 1.2).effect.toFixed(6), "0.095310");
  assert.ok(tostOfRatio([11, 22, 44], [10, 20, 40], 1.2).p < 1e-6);
});

Deno.test("interaction is zero when both situations gain alike", () => {
  const gain = interaction({ a: [3, 4], b: [1, 2] }, { a: [13, 14], b: [11, 12] });
  assert.deepEqual(gain, [0, 0]);
});

Deno.test("slopeOverSeeds fits each line by itself", () => {
  const x = [0, 1, 2, 3];
  const lines = [2, 2.5, 3].map((k, s) => ({ x, y: x.map((v) => 100 * s + k * v) }));
  const result = slopeOverSeeds(lines);
  assert.equal(result.effect, 2.5);
  assert.ok(result.interval[0] < 2.5 && result.interval[0] > 0);
});

Deno.test("bootstrapInterval covers the mean, repeats with its seed and moves with another", () => {
  const units = [1, 2, 3, 4, 5, 6, 7, 8];
  const first = bootstrapInterval(units, mean, { draws: 2000 });
  assert.deepEqual(first, bootstrapInterval(units, mean, { draws: 2000 }));
  assert.notDeepEqual(first, bootstrapInterval(units, mean, { draws: 2000, seed: 1 }));
  // Normal approximation: 4.5 ± 1.96 · √(5.25/8) = (2.91, 6.09).
  assert.ok(Math.abs(first[0] - 2.91) < 0.2 && Math.abs(first[1] - 6.09) < 0.2, String(first));
});
