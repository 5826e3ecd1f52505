// Planted networks: sizes, structure, labels; a method on several replicates is what it is on each.

import assert from "node:assert/strict";
import {
  plantedTask,
  premiseOf,
  type ResidualNet,
  residualNet,
  runMethod,
  STRUCTURES,
} from "../../../methods/losparse/mod.ts";
import { type Tensor, toNumbers } from "../../../methods/tensor/mod.ts";
import { distance, evaluate } from "../tensor/harness.ts";

const sizes = {
  width: 12,
  hidden: 16,
  blocks: 2,
  coherentRank: 2,
  strongShare: 0.2,
  shift: 0,
  noise: 0.5,
  train: 40,
  test: 30,
};
const training = { steps: 20, batch: 8, lr: 0.01, warmup: 2, cooldown: 8, every: 2 };
const place = { provider: "cpu" as const, threads: 1 };

Deno.test("weights have one size whatever their structure, and planted ones meet the premise", () => {
  const premises = STRUCTURES.map((structure) => {
    const { w } = plantedTask(1, structure, {
      ...sizes,
      width: 32,
      hidden: 64,
      strongShare: 0.1,
    }).net.blocks[0].up;
    const norm2 = toNumbers(w).reduce((sum, x) => sum + x * x, 0);
    assert.ok(Math.abs(norm2 / 64 - 1) < 1e-5, structure);
    return premiseOf(w, 2);
  });
  const [planted, powerLaw, gaussian] = premises;
  assert.ok(planted.kurtosis > powerLaw.kurtosis + 1);
  assert.ok(planted.tail < gaussian.tail && powerLaw.tail < gaussian.tail);
});

Deno.test("labels are the traced network's; the target of a shift of 0 is the network", async () => {
  const { net, testX, testY, x, y } = plantedTask(2, "planted", sizes);
  const f = (net: ResidualNet, x: Tensor) => residualNet(net, x);
  assert.ok(distance(toNumbers(await evaluate(f, [net, testX])), toNumbers(testY)) < 1e-5);
  // Training labels have noise.
  assert.ok(distance(toNumbers(await evaluate(f, [net, x])), toNumbers(y)) > 0.1);
});

Deno.test("replicates mapped over are what they are one by one", async () => {
  const shifted = { ...sizes, shift: 0.1 };
  const [a, b] = [3, 4].map((seed) => plantedTask(seed, "planted", shifted));
  const budget = { rank: 4, lowRank: 2 };
  const both = await runMethod("losparse", [a, b], [3, 4], budget, training, place);
  const second = await runMethod("losparse", [b], [4], budget, training, place);
  assert.ok(Math.abs(both[1].error / second[0].error - 1) < 1e-4);
  // The budget in entries is that of low rank alone, to within a row.
  const low = await runMethod("low_rank", [a, b], [3, 4], budget, training, place);
  const row = 16 / (4 * 12 * 16);
  assert.ok(both[0].ratio <= low[0].ratio && both[0].ratio > low[0].ratio - row);
});
