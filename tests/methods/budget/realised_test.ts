// The assertion on realised budgets: right runs pass, runs that prune nothing or too much fail.

import assert from "node:assert/strict";
import { assertRealised, BudgetError, budgetPlan } from "../../../methods/budget/mod.ts";
import { fromNumbers } from "../../../methods/tensor/mod.ts";

const plan = budgetPlan({
  initial: 8,
  final: 4,
  warmup: 1,
  cooldown: 2,
  steps: 6,
  cooldownMask: "frozen",
});
const trace = (units: number[], alive = units) => ({
  kept: fromNumbers(units, [6], "int32"),
  units: fromNumbers(units, [6], "int32"),
  alive: fromNumbers(alive, [6], "int32"),
  tied: fromNumbers([0, 0, 1, 0, 0, 0], [6], "bool"),
});

Deno.test("a run that keeps what the plan says passes, and its ties are counted", () => {
  const keep = Array.from(plan.keep.data, Number);
  assert.deepEqual(keep, [8, 8, 5, 4, 4, 4]);
  const realised = assertRealised(plan, trace(keep), { count: 8 });
  assert.deepEqual(realised, { kept: 4, units: 4, alive: 4, rankings: 3, ties: 1 });
});

Deno.test("a run that prunes nothing, too much, or leaves dropped groups alive fails", () => {
  const fails = (units: number[], alive?: number[]) =>
    assert.throws(() => assertRealised(plan, trace(units, alive), { count: 8 }), BudgetError);
  fails([8, 8, 8, 8, 8, 8]);
  fails([8, 8, 5, 4, 4, 3]);
  fails([8, 8, 5, 4, 4, 4], [8, 8, 5, 4, 5, 4]);
});

Deno.test("sizes allow for less than one group below the budget, or above it", () => {
  const prunable = { count: 4, sizes: [2, 2, 2, 2] };
  assertRealised(plan, trace([8, 8, 4, 4, 4, 4]), prunable);
  assert.throws(() => assertRealised(plan, trace([8, 8, 6, 4, 4, 4]), prunable), BudgetError);
  assertRealised(plan, trace([8, 8, 6, 4, 4, 6]), { ...prunable, boundary: "across" });
});
