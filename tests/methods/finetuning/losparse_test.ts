// LoSparse and its rivals on tiny encoders: all begin as the same network and end at their budget.

import assert from "node:assert/strict";
import { losparseTuner, type TextMethod } from "../../../methods/losparse/mod.ts";
import { fineTune, stepsOf } from "../../../methods/finetuning/fine_tune.ts";
import { withVocabulary } from "../../../methods/nn/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { strongEncoder, tinyTask } from "./tiny.ts";

const goal = { kind: "classes", classes: 2 } as const;

async function run(method: TextMethod, chunk = 4) {
  const task = tinyTask(goal), encoder = withVocabulary(strongEncoder("deberta"), task.vocabulary);
  const schedule = { epochs: 3, batch: 4, lr: 0.01, rise: 0 }, steps = stepsOf(task, schedule);
  const budget = { ratio: 0.5, lowRank: 0.25 };
  const tuner = losparseTuner(method, encoder, {}, {
    ...budget,
    goal,
    steps,
    warmup: 2,
    cooldown: 6,
    every: 2,
    weightDecay: 0.01,
  });
  const losses: number[] = [];
  const { outcome } = await fineTune(
    tuner,
    encoder,
    task,
    schedule,
    { seed: 1, random: stream(1, "run") },
    { provider: "cpu", threads: 1, chunk, onSteps: ({ loss }) => losses.push(loss) },
  );
  return { outcome, tuner, losses };
}

Deno.test("entries that remain are those of the budget, up to a row or a rank", async () => {
  for (const method of ["losparse", "itp", "movement", "random_rows"] as const) {
    const { outcome, tuner } = await run(method);
    const left = (tuner.lowRankEntries + outcome.left!.units) / tuner.entries;
    assert.ok(left <= 0.5 && left > 0.5 - 16 / tuner.entries, `${method}: ${left}`);
  }
  const { outcome, tuner } = await run("low_rank");
  assert.equal(outcome.left, undefined);
  assert.ok(Math.abs(tuner.lowRankEntries / tuner.entries - 0.5) < 0.1);
});

Deno.test("what keeps the residual begins as the whole network; low rank alone does not", async () => {
  const first = async (method: TextMethod) => (await run(method, 1)).losses[0];
  const [dense, losparse, itp, lowRank] = await Promise.all(
    (["dense", "losparse", "itp", "low_rank"] as const).map(first),
  );
  // The head begins small, so that losses differ little.
  assert.equal(itp, dense);
  const [split, cut] = [losparse, lowRank].map((loss) => Math.abs(loss - dense));
  assert.ok(split < 1e-6 && cut > 1e-5, `${split}, ${cut}`);
});

Deno.test("a run of short programs is the same run", async () => {
  assert.deepEqual((await run("losparse", 4)).outcome, (await run("losparse", 6)).outcome);
});
