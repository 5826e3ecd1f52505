// Long runs of short programs against one scan, and runs of every goal on tiny encoders of both forms.

import assert from "node:assert/strict";
import { adaloraTuner, type MethodState } from "../../../methods/adalora/mod.ts";
import type { PrunedTrainingInputs } from "../../../methods/budget/mod.ts";
import { batchOf, grouped, shuffled } from "../../../methods/finetuning/batches.ts";
import { fineTune, stepsOf } from "../../../methods/finetuning/fine_tune.ts";
import { decodeBenchmarkTask, encodeBenchmarkTask } from "../../../methods/finetuning/task.ts";
import {
  type Goal,
  type PretrainedParams,
  type TaskBatch,
  type TaskHead,
  taskLoss,
  taskOutputs,
  withVocabulary,
} from "../../../methods/nn/mod.ts";
import { learningRates, pieces, triangleRate } from "../../../methods/optim/mod.ts";
import { compile, load, treeLeaves } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { tinyEncoder, tinyTask } from "./tiny.ts";

const place = { provider: "cpu" as const, threads: 1 };
const classes: Goal = { kind: "classes", classes: 2 };
type Inputs = PrunedTrainingInputs<TaskBatch>;

async function run(
  goal: Goal,
  {
    model = "deberta",
    method = "adalora",
    chunk = 4,
    epochs = 3,
    lr = 0.02,
    part = 4,
    dropout = 0,
  } = {} as {
    model?: "bert" | "deberta";
    method?: "adalora" | "lora" | "full" | "head";
    chunk?: number;
    epochs?: number;
    lr?: number;
    part?: number;
    dropout?: number;
  },
) {
  const task = tinyTask(goal);
  const encoder = withVocabulary(tinyEncoder(model), task.vocabulary);
  const schedule = { epochs, batch: 4, lr, rise: 2, dropout };
  const steps = stepsOf(task, schedule);
  const tuner = adaloraTuner(method, encoder, {
    goal,
    steps,
    rank: 1,
    initial: 2,
    warmup: 2,
    cooldown: 6,
    every: 1,
    gamma: 0.1,
    alpha: 2,
    weightDecay: 0.01,
  });
  const { outcome, state } = await fineTune(
    tuner,
    encoder,
    task,
    schedule,
    { seed: 1, random: stream(1, "run") },
    { ...place, chunk, held: 3, part },
  );
  return { outcome, state, tuner, task, encoder, schedule, steps };
}

const leavesOf = (state: unknown) => treeLeaves(state).map(({ path, leaf }) => [path, leaf]);

Deno.test("a run of short programs is one long scan to the last bit", async () => {
  const { outcome, state, tuner, task, encoder, schedule, steps } = await run(classes);
  assert.equal(steps, 18);
  assert.deepEqual(outcome.evaluations.map(({ step }) => step), [6, 12, 18]);
  const texts = shuffled(stream(1, "run", "order"), 22, schedule.batch);
  const inputs = {
    batch: grouped(batchOf(task.train, texts.rows(0, steps), 9, task.padding), steps),
    lr: learningRates(triangleRate({ peak: schedule.lr, rise: schedule.rise, steps }), 0, steps),
    plan: tuner.pruning!.plan({ first: 0, count: steps }),
  };
  const whole = (frozen: PretrainedParams, state: MethodState<TaskHead>, x: Inputs) =>
    tuner.run(
      (model, { labels, ...given }) =>
        taskLoss(classes, taskOutputs(encoder.config, classes, model, given), labels),
      frozen,
      state,
      x,
    );
  const args = [tuner.frozen, tuner.begin(1), inputs] as never;
  const executable = await load(compile(whole, args), place);
  const [expected] = await executable.run(...args as [never, never, never]);
  await executable.dispose();
  assert.deepEqual(leavesOf(state), leavesOf(expected));
  const other = await run(classes, { lr: 0.021 });
  assert.notDeepEqual(leavesOf(other.state), leavesOf(expected));
});

Deno.test("a step in parts is the step but for rounding; with dropout it is another", async () => {
  const curves = [{}, { part: 2 }, { part: 1 }, { dropout: 0.2 }, {
    dropout: 0.2,
    part: 2,
    chunk: 3,
  }];
  const runs = await Promise.all(curves.map((change) => run(classes, change)));
  const [whole, halves, single, dropped, both] = runs.map(({ outcome }) => outcome.curve);
  const close = (a: readonly number[], b: readonly number[]) =>
    a.every((x, i) => Math.abs(x - b[i]) < 1e-5);
  assert.ok(close(whole, halves) && close(whole, single));
  assert.ok(!close(whole, dropped) && close(dropped, both));
  await assert.rejects(run(classes, { part: 3 }), /a batch of 4 cannot be cut into parts of 3/);
});

Deno.test("programs end where they should", () => {
  assert.deepEqual(pieces(10, 4), [4, 4, 2]);
  assert.deepEqual(pieces(10, 4, [5, 10]), [4, 1, 4, 1]);
  assert.deepEqual(pieces(3, 8), [3]);
  assert.throws(() => pieces(3, 0), RangeError);
});

Deno.test("AdaLoRA comes to its budget, and ranks are those of its maps", async () => {
  const { outcome, state, tuner } = await run(classes);
  assert.deepEqual(outcome.left, { groups: 12, units: 12 });
  const ranks = tuner.ranks(state)!;
  assert.equal(Object.keys(ranks).length, 12);
  assert.equal(Object.values(ranks).reduce((a, b) => a + b, 0), 12);
});

for (const goal of [classes, { kind: "score" }, { kind: "span" }] as const) {
  for (const model of ["bert", "deberta"] as const) {
    Deno.test(`${model} learns ${goal.kind}, trained whole`, async () => {
      const { outcome } = await run(goal, { model, method: "full", epochs: 25, lr: 0.01 });
      const { curve, evaluations } = outcome;
      assert.ok(curve[curve.length - 1] < 0.5 * curve[0], `${curve[0]} to ${curve.at(-1)}`);
      const [scores] = evaluations[evaluations.length - 1].scores;
      assert.ok(scores.every((score) => score >= 0 && score <= 100));
    });
  }
}

Deno.test("a task is the same after its file", () => {
  for (const goal of [classes, { kind: "span" }] as const) {
    const task = tinyTask(goal);
    assert.deepEqual(decodeBenchmarkTask(encodeBenchmarkTask(task)), task);
  }
});
