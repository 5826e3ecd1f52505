/** Fields, designs and fits, against Matérn kernels (SciPy), moments, and PyTorch. */

import assert from "node:assert/strict";
import {
  gaussianPoints,
  inputMap,
  inputScale,
  type Part,
} from "../../../methods/minkowski/design.ts";
import { fieldValues, matern } from "../../../methods/minkowski/field.ts";
import { compileFits, stackedStart } from "../../../methods/minkowski/fit.ts";
import { learningCurves } from "../../../methods/minkowski/learning_curve.ts";
import { initMlp } from "../../../methods/minkowski/network.ts";
import { makeReplicate } from "../../../methods/minkowski/replicate.ts";
import { eigenvalues } from "../../../methods/minkowski/spectrum.ts";
import { evaluate, load, type NdArray, toNumbers } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/minkowski.json" with { type: "json" };

const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);
const f32 = (shape: number[], data: Iterable<number>): NdArray => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});

Deno.test("fields have the Matérn covariance in every direction", () => {
  for (const { smoothness, lengthScale, distance, covariance } of reference.kernels) {
    const { frequencies } = matern(5, { dimension: 3, smoothness, lengthScale, features: 40_000 });
    for (let j = 0; j < 3; j++) {
      const row = (frequencies.data as Float32Array).subarray(j * 40_000, (j + 1) * 40_000);
      const estimate = row.reduce((sum, w) => sum + Math.cos(w * distance), 0) / row.length;
      // Standard error at most 0.0036.
      close(estimate, covariance, 0.015, `s ${smoothness}, ℓ ${lengthScale}, r ${distance}`);
    }
  }
  assert.throws(
    () => matern(0, { dimension: 1, smoothness: 0.7, features: 8 }),
    /multiple of 1\/2/,
  );
});

Deno.test("a field's values are the sum of its waves, with unit variance on average", async () => {
  const field = matern(1, { dimension: 2, smoothness: 1, features: 64 });
  const x = stream(1, "x").normal([500, 2]);
  const values = toNumbers(await evaluate(fieldValues, [field, x])) as number[];
  const w = field.frequencies.data, b = field.phases.data;
  let expected = 0;
  for (let k = 0; k < 64; k++) {
    const phase = Number(x.data[6]) * Number(w[k]) + Number(x.data[7]) * Number(w[64 + k]);
    expected += Math.sqrt(2 / 64) * Math.cos(phase + Number(b[k]));
  }
  close(values[3], expected, 1e-3, "value");
  const square = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  assert.ok(square > 0.5 && square < 1.7, `${square}`);
});

Deno.test("designs of one seed share coordinates and target whatever their dimension", () => {
  const spectrum = { kind: "exponential", rate: 1 } as const;
  const [small, large] = [4, 9].map((d) => gaussianPoints(7, "pool", eigenvalues(spectrum, d), 50));
  for (let i = 0; i < 50; i++) {
    for (let j = 0; j < 4; j++) assert.equal(small.data[i * 4 + j], large.data[i * 9 + j]);
  }
  const [few, many] = [4, 9].map((dimension) =>
    matern(7, { dimension, smoothness: 1, features: 16 })
  );
  assert.deepEqual(few.frequencies.data, many.frequencies.data.slice(0, 4 * 16));
  assert.notDeepEqual(small.data, gaussianPoints(7, "test", eigenvalues(spectrum, 4), 50).data);
});

Deno.test("inputMap() rotates: lengths keep their ratio and no coordinate shows the spectrum", () => {
  const lambda = eigenvalues({ kind: "exponential", rate: 1 }, 16);
  const map = inputMap(2, lambda).data as Float32Array;
  const total = lambda.reduce((a, b) => a + b, 0);
  const gain = inputScale(16) ** 2 * 16 / total;
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      let dot = 0;
      for (let k = 0; k < 16; k++) dot += map[i * 16 + k] * map[j * 16 + k];
      close(dot, i === j ? gain : 0, 1e-4, "rows are orthogonal");
    }
  }
  const variance = Array.from(
    { length: 16 },
    (_, k) => lambda.reduce((sum, l, i) => sum + l * map[i * 16 + k] ** 2, 0),
  );
  close(variance.reduce((a, b) => a + b, 0) / 16, 1, 1e-4, "mean variance of an input at d = 16");
  assert.ok(
    Math.max(...variance) < 1e3 * Math.min(...variance),
    "eigenvalues span a factor of 3e6",
  );
});

Deno.test("fits agree with PyTorch: every loss, and the test error of the best checkpoint", async () => {
  const seeds = 2, members = 2, rows = 10, dimension = 3, width = 5, batch = 4;
  const checkpoints = 3, interval = 4;
  const wave = (shape: number[], step: number, shift: number, scale = 1): NdArray =>
    f32(
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        scale * Math.sin(step * i + shift)),
    );
  const shapes = [[dimension, width], [width], [width, width], [width], [width, 1], [1]];
  const leaf = (k: number) => wave([seeds, ...shapes[k]], 0.8 + 0.1 * k, k, 0.5);
  const params = [0, 2, 4].map((k) => ({ w: leaf(k), b: leaf(k + 1) }));
  const start = stackedStart([initMlp(stream(0, "form"), { dimension, width, hidden: 2 })]);
  const zero = (x: NdArray) => f32([...x.shape], Array(x.data.length).fill(0));
  const zeros = params.map(({ w, b }) => ({ w: zero(w), b: zero(b) }));
  const rates = wave([checkpoints, interval], 0.4, 0);
  const order = new Int32Array(checkpoints * interval * seeds * members * batch);
  for (let i = 0; i < order.length; i++) {
    order[i] = i * 7 % rows + rows * (Math.floor(i / (members * batch)) % seeds);
  }
  const executable = await load(
    compileFits({
      dimension,
      width,
      hidden: 2,
      seeds,
      members,
      rows,
      validation: 6,
      test: 7,
      checkpoints,
      interval,
      batch,
    }),
    { provider: "cpu" },
  );
  const out = await executable.run({
    params,
    state: { step: start.state.step, slots: { m: zeros, v: zeros } },
    pool: { x: wave([seeds * rows, dimension], 1.7, 0.3), y: wave([seeds * rows], 2.3, 0.1) },
    order: { dtype: "int32", shape: [checkpoints, interval, seeds, members, batch], data: order },
    rates: f32([checkpoints, interval], toNumbers(rates).map((r) => 0.05 * (1 + r))),
    validation: { x: wave([seeds, 6, dimension], 0.9, 0.5), y: wave([seeds, 6], 1.1, 0.7) },
    test: { x: wave([seeds, 7, dimension], 1.3, 0.2), y: wave([seeds, 7], 0.6, 0.4) },
  });
  await executable.dispose();
  for (const name of ["validation", "training", "test"] as const) {
    reference.fits[name].forEach((expected, i) =>
      close(Number(out[name].data[i]), expected, 1e-5 * Math.max(1, expected), `${name} ${i}`)
    );
  }
});

Deno.test("a fitted network beats the mean on an easy target, and fails on shuffled labels", async () => {
  const lambda = eigenvalues({ kind: "exponential", rate: 4 }, 4);
  const rows = { pool: 512, fresh: 512, validation: 128, test: 512 };
  const points = Object.fromEntries(
    (Object.keys(rows) as Part[]).map((part) => [
      part,
      gaussianPoints(1, part, lambda, rows[part]),
    ]),
  ) as Record<Part, NdArray>;
  const replicate = await makeReplicate({
    seed: 1,
    points,
    map: inputMap(1, lambda),
    field: matern(1, { dimension: 4, smoothness: 2, lengthScale: 4, features: 64 }),
    noise: 0.1,
    provider: "cpu",
  });
  const y = toNumbers(replicate.test.y) as number[];
  close(y.reduce((a, b) => a + b, 0) / y.length, 0, 0.15, "mean of the target");
  close(y.reduce((a, b) => a + b * b, 0) / y.length, 1, 0.2, "variance of the target");
  const settings = {
    sizes: [32, 512],
    width: 16,
    hidden: 2,
    steps: 200,
    batch: 32,
    lr: 0.01,
    warmup: 10,
    interval: 20,
  };
  const shuffle = (of: typeof replicate.pool, name: string) => {
    const order = stream(1, "shuffle", name).permutation(of.y.data.length);
    return { ...of, y: f32([...of.y.shape], Array.from(order, (i) => Number(of.y.data[i]))) };
  };
  const wrong = {
    ...replicate,
    pool: shuffle(replicate.pool, "pool"),
    validation: shuffle(replicate.validation, "validation"),
  };
  const [right, shuffled] = await learningCurves([replicate, wrong], settings, { provider: "cpu" });
  assert.ok(right.error[1] < 0.1 && right.error[1] < right.error[0], `${right.error}`);
  assert.ok(right.floor < 0.1, `${right.floor}`);
  assert.ok(shuffled.error[1] > 0.7, `${shuffled.error}`);
  assert.ok(right.bestStep.every((s) => s >= 20 && s <= 200 && s % 20 === 0));
  await assert.rejects(
    learningCurves([replicate], { ...settings, sizes: [1024] }, { provider: "cpu" }),
    /exceeds the 512 rows/,
  );
  await assert.rejects(
    learningCurves([replicate], { ...settings, interval: 30 }, { provider: "cpu" }),
    /cannot be validated/,
  );
});
