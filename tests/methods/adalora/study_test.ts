// Planted updates: where they are, and that methods mapped over replicates are what they are on each.

import assert from "node:assert/strict";
import {
  ADAPTATIONS,
  adaptationTask,
  type AdaptedNet,
  adaptedNet,
  runAdaptation,
} from "../../../methods/adalora/mod.ts";
import { type Tensor, toNumbers } from "../../../methods/tensor/mod.ts";
import { evaluate } from "../tensor/harness.ts";

const sizes = { width: 8, blocks: 2, update: 0.3, train: 40, test: 30 };
const settings = {
  steps: 20,
  batch: 8,
  lr: 0.03,
  warmup: 2,
  cooldown: 10,
  every: 2,
  gamma: 0.1,
  scale: 1,
};
const place = { provider: "cpu" as const, threads: 1 };

Deno.test("a quarter of the maps needs an update, or all do; the frozen error is the network's", async () => {
  const task = adaptationTask(1, "concentrated", sizes);
  assert.equal(task.needed.length, 1);
  assert.equal(adaptationTask(1, "uniform", sizes).needed.length, 4);
  const f = (net: AdaptedNet, x: Tensor) => adaptedNet(net, x);
  const y = toNumbers(await evaluate(f, [task.net, task.testX]));
  const wanted = toNumbers(task.testY);
  const error = y.reduce((sum, v, i) => sum + (v - wanted[i]) ** 2, 0) / y.length;
  assert.ok(Math.abs(error / task.frozenError - 1) < 1e-5);
});

Deno.test("every method runs on several replicates as on each, and realises its budget", async () => {
  const [a, b] = [3, 4].map((seed) => adaptationTask(seed, "concentrated", sizes));
  const allocation = { rank: 1, initial: 2 };
  for (const method of ADAPTATIONS) {
    const both = await runAdaptation(method, [a, b], [3, 4], allocation, settings, place);
    if (method === "adalora" || method === "lora") {
      const [alone] = await runAdaptation(method, [b], [4], allocation, settings, place);
      assert.ok(Math.abs(both[1].error / alone.error - 1) < 1e-3, method);
    }
    assert.ok(both.every(({ error, found }) => error > 0 && found >= 0 && found <= 1), method);
  }
});
