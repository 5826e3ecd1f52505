// Training of many replicates at once: one loop is as many single ones, decay kills paths, errors.

import assert from "node:assert/strict";
import {
  embed,
  piecewiseLinear,
  randomOrthogonal,
  spiral,
  torus,
  triangleProduct,
} from "../../../methods/convresnext/manifold.ts";
import {
  balancedNorm,
  balancedPenalty,
  layerNorms,
} from "../../../methods/convresnext/path_norms.ts";
import { initialParameters, unstackParameters } from "../../../methods/convresnext/network.ts";
import { predict } from "../../../methods/convresnext/predict.ts";
import { fitScaling } from "../../../methods/convresnext/scaling.ts";
import { learningRates, trainReplicates } from "../../../methods/convresnext/train.ts";
import { stream } from "../../../methods/tensor/random.ts";

const execution = { provider: "cpu", threads: 1 } as const;
const architecture = { D: 3, w: 4, L: 3, K: 3, M: 4, N: 1 };
const plan = { risk: "squared", optimizer: "adam", lr: 0.01, steps: 70, batch: 16 } as const;

function replicate(seed: number, decay: number) {
  const random = stream(seed, "test"), n = 64;
  const x = random.normal([n, 3]).data as Float32Array;
  const y = Float32Array.from({ length: n }, (_, i) => Math.abs(x[3 * i]) - x[3 * i + 1]);
  return { x, y, seed, decay: { paths: decay, out: decay } };
}

Deno.test("replicates do not know of each other", async () => {
  const all = [replicate(1, 1e-3), replicate(2, 0), replicate(3, 0.1)];
  const together = await trainReplicates(architecture, plan, all, execution);
  const alone = await trainReplicates(architecture, plan, [all[1]], execution);
  const size = alone.parameters.kernels.data.length;
  const part = (together.parameters.kernels.data as Float32Array).subarray(size, 2 * size);
  part.forEach((v, i) => assert.ok(Math.abs(v - Number(alone.parameters.kernels.data[i])) < 1e-4));
  assert.ok(together.losses[1][69] < together.losses[1][0] / 4, "it learns");
  const f = await predict(architecture, together.parameters, all.map((r) => r.x), execution);
  const mse = f[1].reduce((sum, v, i) => sum + (v - all[1].y[i]) ** 2, 0) / f[1].length;
  assert.ok(mse < 0.5, `${mse}`);
});

/** Balanced norms of the paths of both networks, smallest first. */
async function pathNorms(steps: number) {
  const all = [replicate(1, 0.05), replicate(1, 0)];
  const { parameters } = await trainReplicates(architecture, { ...plan, steps }, all, execution);
  return unstackParameters(parameters).map((own) =>
    layerNorms(architecture, own).flat().map(balancedNorm).toSorted((a, b) => a - b)
  );
}

Deno.test("decay leaves few paths, its absence all, and short training hides it", async () => {
  const [decayed, free] = await pathNorms(800);
  assert.ok(decayed[0] < 0.01 * decayed[3], `with decay: ${decayed}`);
  assert.ok(free[0] > 0.1 * free[3], `without: ${free}`);
  const [early] = await pathNorms(40);
  assert.ok(early[0] > 0.1 * early[3], `too early to see: ${early}`);
});

Deno.test("at a minimiser of the penalised loss a path's layers have one norm: decay is ℓ_{2/L}", async () => {
  const one = { ...architecture, M: 1 };
  // Plain gradient descent on all examples, so that nothing but the loss decides.
  const descent = { ...plan, optimizer: "sgd", lr: 0.02, steps: 4000, batch: 64 } as const;
  const { parameters } = await trainReplicates(one, descent, [replicate(1, 0.02)], execution);
  const [norms] = layerNorms(one, unstackParameters(parameters)[0])[0];
  const total = norms.reduce((sum, norm) => sum + norm * norm, 0);
  assert.ok(norms.every((norm) => norm > 0.3), `alive: ${norms}`);
  assert.ok(Math.abs(total / balancedPenalty(norms) - 1) < 1e-3, `${norms}`);
  // The control: at the start they differ, as the last layer is smaller.
  const start = initialParameters(one, stream(1, "convresnext"));
  const [first] = layerNorms(one, start)[0];
  const before = first.reduce((sum, norm) => sum + norm * norm, 0);
  assert.ok(before / balancedPenalty(first) > 1.01, `${first}`);
});

Deno.test("sizes that do not fit are refused", async () => {
  const short = { ...replicate(1, 0), x: new Float32Array(3) };
  await assert.rejects(trainReplicates(architecture, plan, [short], execution), /64 examples of 3/);
  const wide = { ...plan, batch: 100 };
  await assert.rejects(
    trainReplicates(architecture, wide, [replicate(1, 0)], execution),
    /batch of 100 does not fit 64/,
  );
});

Deno.test("learning rates rise, then fall to zero", () => {
  const rates = learningRates({ lr: 0.1, steps: 100 });
  assert.ok(Math.abs(rates[4] - 0.1) < 1e-7 && rates[0] < 0.03 && rates[99] < 1e-3);
});

Deno.test("rotations keep lengths, whatever fills the other coordinates", () => {
  const rotation = randomOrthogonal(40, stream(1, "rotation"));
  const x = embed([spiral(0.3), spiral(0.9)], rotation, () => 0);
  const length = (at: number) => Math.hypot(...x.subarray(at * 40, (at + 1) * 40));
  assert.ok(Math.abs(length(1) - Math.hypot(...spiral(0.9))) < 1e-6);
  assert.throws(() => embed([[1, 2]], randomOrthogonal(1, stream(1)), () => 0), /2 coordinates/);
  assert.throws(() => piecewiseLinear({ knots: [0, 1], heights: [0, 1] }, 1.5), /outside/);
  assert.equal(piecewiseLinear({ knots: [0, 0.5, 1], heights: [0, 4, 2] }, 0.75), 3);
});

Deno.test("on tori of every dimension the target has mean 0 and variance 1", () => {
  for (const d of [1, 2, 3]) {
    const random = stream(d, "torus"), n = 20_000;
    const values = Array.from({ length: n }, () => {
      const theta = Array.from({ length: d }, () => random.nextUniform());
      assert.ok(Math.abs(Math.hypot(...torus(theta)) - 1) < 1e-12);
      return triangleProduct(theta);
    });
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const square = values.reduce((a, b) => a + b * b, 0) / n;
    assert.ok(Math.abs(mean) < 0.03 && Math.abs(square - 1) < 0.06, `${d}: ${mean} ${square}`);
  }
});

Deno.test("fitScaling() returns planted exponents and refuses what has none", () => {
  const cells = [3, 8, 32].flatMap((D) =>
    [128, 1024].map((n) => ({ D, n, value: 5 * n ** -0.8 * D ** 0.3 }))
  );
  const { a, b, c } = fitScaling(cells.slice(0, 5));
  assert.ok(Math.abs(a - Math.log(5)) + Math.abs(b + 0.8) + Math.abs(c - 0.3) < 1e-9);
  assert.throws(() => fitScaling(cells.filter(({ D }) => D === 3)), /several values/);
  assert.throws(() => fitScaling([...cells, { D: 3, n: 5, value: 0 }]), /positive/);
});
