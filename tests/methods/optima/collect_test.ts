/** From traces to tables: equal compute, regret, and what is left out. */

import assert from "node:assert/strict";
import { collect, type Finished, layerLoss } from "../../../methods/optima/collect.ts";
import type { ConditionName } from "../../../methods/optima/condition.ts";
import type { PolicyName } from "../../../methods/optima/policies.ts";

const SCORES = {
  recall_i2t_1: 0.1,
  recall_i2t_5: 0.2,
  recall_i2t_10: 0.3,
  recall_t2i_1: 0.4,
  recall_t2i_5: 0.5,
  recall_t2i_10: 0.6,
  caption_loss: 2,
  exact_match: 0.05,
};

/** A student whose image loss falls along `curve` (FLOPs, loss) while the others stay at 1. */
function finished(
  policy: PolicyName,
  a: {
    condition?: ConditionName;
    seed?: number;
    flops?: number[];
    image?: number[];
    rewards?: number[];
    pulls?: string[];
    losses?: number[];
  } = {},
): Finished {
  const { flops = [0, 50, 100], image = [1, 0.5, 0.25], rewards = [0.1, 0.2] } = a;
  const fixed: Partial<Record<PolicyName, string>> = {
    image_only: "image",
    text_only: "text",
    multimodal_only: "multimodal",
    all: "image+text+multimodal",
    none: "none",
  };
  return {
    trace: {
      condition: a.condition ?? "skew",
      policy,
      seed: a.seed ?? 0,
      pulls: a.pulls ?? rewards.map(() => fixed[policy] ?? "text"),
      rewards,
      losses: rewards,
      curve: { steps: [0, 4, 8], flops, losses: image.map((x) => [x, 1, 1]) },
      flops: flops[flops.length - 1],
      steps: 8,
    },
    losses: a.losses ?? [image[image.length - 1], 1, 1],
    scores: SCORES,
  };
}

const rowOf = (students: Finished[], policy: PolicyName, condition = "skew", seed = 0) => {
  const row = collect(students).table.find((r) =>
    r.policy === policy && r.condition === condition && r.seed === seed
  );
  assert.ok(row);
  return row.metrics;
};
const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs(Number(actual) - expected) < 1e-12, `${actual} is not ${expected}`);

Deno.test("layerLoss() averages over the modules that matter", () => {
  near(layerLoss("even", [1, 2, 6]), 3);
  near(layerLoss("wasted", [1, 2, 6]), 3.5);
  near(layerLoss("skew", [1, 2, 6]), 1);
});

Deno.test("equal compute reads a student and OPTIMA's where the cheaper of the two ends", () => {
  const students = [
    finished("optima", { flops: [0, 60, 120], image: [1, 0.5, 0.25] }),
    finished("all", { flops: [0, 100, 200], image: [1, 0.4, 0.2] }),
    finished("random", { flops: [0, 40, 80], image: [1, 0.6, 0.5] }),
  ];
  // Against `all` the budget is 120: OPTIMA's end, a fifth of the way from 100 to 200.
  near(rowOf(students, "all").layer_loss_equal_flops, 0.4 - 0.2 * 0.2);
  near(rowOf(students, "all").optima_loss_equal_flops, 0.25);
  // Against `random` it is 80: its end, a third of the way from 60 to 120 for OPTIMA.
  near(rowOf(students, "random").layer_loss_equal_flops, 0.5);
  near(rowOf(students, "random").optima_loss_equal_flops, 0.5 - 0.25 / 3);
  near(rowOf(students, "optima").layer_loss_equal_flops, 0.25);
  near(rowOf(students, "optima").layer_loss, 0.25);
  near(rowOf(students, "all").flops, 200);
});

Deno.test("equal compute carries the curve's sample over to the whole split, and needs OPTIMA", () => {
  const all = finished("all", { flops: [0, 50, 100], image: [1, 0.5, 0.25], losses: [0.3, 1, 1] });
  const optima = finished("optima", { flops: [0, 25, 50], image: [1, 0.7, 0.5] });
  near(rowOf([all, optima], "all").layer_loss_equal_flops, 0.3 * 0.5 / 0.25);
  near(rowOf([all, optima], "all").layer_loss, 0.3);
  assert.equal(rowOf([all], "all").layer_loss_equal_flops, undefined);
});

Deno.test("seeds and conditions are compared within themselves only", () => {
  const students = [
    finished("optima", { rewards: [1, 1] }),
    finished("image_only", { rewards: [2, 3] }),
    finished("optima", { seed: 1, rewards: [1, 1] }),
    finished("image_only", { seed: 1, rewards: [0.5, 0.5], flops: [0, 5, 10] }),
    finished("optima", { condition: "even", rewards: [1, 1] }),
  ];
  near(rowOf(students, "optima").regret, 3);
  near(rowOf(students, "optima").layer_loss_equal_flops, 0.25);
  near(rowOf(students, "optima", "skew", 1).regret, -1);
  near(rowOf(students, "image_only", "skew", 1).optima_loss_equal_flops, 0.9);
  assert.equal(rowOf(students, "optima", "even").regret, undefined);
});

Deno.test("regret is against the best fixed arm in hindsight: never negative for a fixed arm", () => {
  const students = [
    finished("image_only", { rewards: [0.5, 0.1] }),
    finished("text_only", { rewards: [0.2, 0] }),
    finished("multimodal_only", { rewards: [0.4, 0.3] }),
    finished("optima", { rewards: [0.5, 0.4], pulls: ["image", "multimodal"] }),
    finished("random", { rewards: [0.1, 0.2] }),
  ];
  near(rowOf(students, "multimodal_only").regret, 0);
  near(rowOf(students, "image_only").regret, 0.1);
  near(rowOf(students, "text_only").regret, 0.5);
  near(rowOf(students, "random").regret, 0.4);
  // A mixture may beat every fixed arm.
  near(rowOf(students, "optima").regret, -0.2);
  near(rowOf(students, "optima").cumulative_reward, 0.9);
});

Deno.test("policies that choose no single arm have neither rewards nor pulls", () => {
  const students = [finished("all"), finished("none"), finished("image_only"), finished("greedy")];
  for (const policy of ["all", "none"] as const) {
    const metrics = rowOf(students, policy);
    assert.ok(!("regret" in metrics) && !("cumulative_reward" in metrics), policy);
  }
  const { pulls, table, curves } = collect(students);
  assert.deepEqual(pulls.map((p) => [p.policy, ...p.arms]), [["image_only", 0, 0], [
    "greedy",
    1,
    1,
  ]]);
  assert.equal(table.length, 4);
  assert.deepEqual(curves.map((c) => c.policy), ["all", "none", "image_only", "greedy"]);
});

Deno.test("rows carry scores and module losses, curves each module's", () => {
  const one = finished("optima", { condition: "even", image: [4, 2, 1], losses: [1, 2, 6] });
  const { table: [{ metrics }], curves: [curve] } = collect([one]);
  near(metrics.layer_loss, 3);
  assert.deepEqual([metrics.image_loss, metrics.text_loss, metrics.multimodal_loss], [1, 2, 6]);
  assert.equal(metrics.caption_loss, 2);
  assert.equal(metrics.steps, 8);
  assert.deepEqual(curve.layer_loss, [2, 4 / 3, 1]);
  assert.deepEqual(curve.image_loss, [4, 2, 1]);
  assert.deepEqual(curve.text_loss, [1, 1, 1]);
  assert.deepEqual(curve.steps, [0, 4, 8]);
  assert.deepEqual(curve.flops, [0, 50, 100]);
});
