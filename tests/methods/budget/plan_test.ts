// The schedule's ends, when plans act, cutting a run into programs, and the form printed in the paper.

import assert from "node:assert/strict";
import { budgetPlan, type BudgetPlanOptions } from "../../../methods/budget/mod.ts";

const options: BudgetPlanOptions = {
  initial: 48,
  final: 24,
  warmup: 10,
  cooldown: 20,
  steps: 60,
  every: 4,
  cooldownMask: "frozen",
};
const list = (x: { data: ArrayLike<number | bigint> }) => Array.from(x.data, Number);
const stepsWhere = (x: { data: ArrayLike<number | bigint> }) =>
  list(x).flatMap((flag, step) => flag ? [step] : []);

Deno.test("budgets are v0 up to t_i and vT from T − t_f, and never rise", () => {
  const keep = list(budgetPlan(options).keep);
  assert.deepEqual(keep.slice(0, 11), new Array(11).fill(48));
  assert.deepEqual(keep.slice(40), new Array(20).fill(24));
  assert.ok(keep.every((value, step) => step === 0 || value <= keep[step - 1]));
  // Halfway down 24 + 24/8.
  assert.equal(keep[25], 27);
});

Deno.test("a frozen mask is ranked at multiples of ΔT and once more at T − t_f, then applied", () => {
  const plan = budgetPlan({ ...options, every: 7 });
  assert.deepEqual(stepsWhere(plan.rank), [14, 21, 28, 35, 40]);
  const cooldown = Array.from({ length: 20 }, (_, i) => 40 + i);
  assert.deepEqual(stepsWhere(plan.apply), [14, 21, 28, 35, ...cooldown]);
  assert.deepEqual(stepsWhere(plan.learn), Array.from({ length: 40 }, (_, i) => i));
});

Deno.test("a moving mask is ranked at every step of the cool-down, and scores go on", () => {
  const plan = budgetPlan({ ...options, cooldownMask: "moving" });
  assert.deepEqual(stepsWhere(plan.rank).slice(-20), Array.from({ length: 20 }, (_, i) => 40 + i));
  assert.deepEqual(plan.rank, plan.apply);
  assert.equal(stepsWhere(plan.learn).length, 60);
});

Deno.test("plans of parts of a run are parts of its plan", () => {
  const whole = budgetPlan({ ...options, window: 7 });
  const part = budgetPlan({ ...options, window: 7 }, { first: 13, count: 30 });
  for (const [name, { data }] of Object.entries(part)) {
    const all = list(whole[name as keyof typeof whole]);
    assert.deepEqual(Array.from(data, Number), all.slice(13, 43), name);
  }
  assert.throws(() => budgetPlan(options, { first: 50, count: 11 }), /not among 60/);
});

Deno.test("equation 14 as printed exceeds v0 at t_i and jumps at T − t_f", () => {
  const keep = list(budgetPlan({ ...options, form: "printed" }).keep);
  assert.deepEqual(keep.slice(0, 10), new Array(10).fill(48));
  // (1 − (10 − 10 − 20)/30)³ = (5/3)³ of 24 more than 24.
  assert.equal(keep[10], 24 + Math.floor(24 * (5 / 3) ** 3));
  assert.ok(keep[10] > 48);
  // One step before T − t_f: (1 − 9/30)³ of 24 is still left.
  assert.equal(keep[39], 24 + Math.floor(24 * 0.7 ** 3));
  assert.equal(keep[40], 24);
});
