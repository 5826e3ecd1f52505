// Schedules against torch.optim.lr_scheduler (tests/reference/optim.py), and the cubic budget.

import assert from "node:assert/strict";
import {
  constantRate,
  cosineRate,
  cubicBudget,
  exponentialRate,
  inSequence,
  linearRate,
  oneCycleRate,
  polynomialRate,
  type Schedule,
  stepRate,
} from "../../../methods/optim/mod.ts";
import reference from "../../reference/optim.json" with { type: "json" };
import { numbersOf, relativeError } from "../nn/reference.ts";

const warmup = linearRate({ from: 0.04, to: 0.4, steps: 20 });
const schedules: Record<string, Schedule> = {
  "constant": constantRate(0.4),
  "linear": warmup,
  "cosine": cosineRate({ peak: 0.4, steps: 50, floor: 0.03 }),
  "step": stepRate({ base: 0.4, factor: 0.3, at: 15 }),
  "milestones": stepRate({ base: 0.4, factor: 0.5, at: [5, 30, 31] }),
  "exponential": exponentialRate(0.4, 0.95),
  "polynomial": polynomialRate(0.4, 50, 2),
  "oneCycle": oneCycleRate({ peak: 0.4, steps: 60 }),
  "oneCycle wide": oneCycleRate({
    peak: 0.4,
    steps: 60,
    rise: 0.4,
    startDivisor: 10,
    endDivisor: 50,
  }),
  "sequence": inSequence([warmup, 20], [cosineRate({ peak: 0.4, steps: 40 }), 40]),
};

Deno.test("schedules give the rates of torch.optim.lr_scheduler", async (t) => {
  assert.deepEqual(Object.keys(schedules).sort(), Object.keys(reference.schedules).sort());
  for (const [name, line] of Object.entries(reference.schedules)) {
    await t.step(name, () => {
      const expected = numbersOf(line);
      const error = relativeError(expected.map((_, step) => schedules[name](step)), expected);
      assert.ok(error < 1e-12, `rates differ by ${error}`);
    });
  }
});

Deno.test("schedules that cannot be are refused", () => {
  assert.throws(() => oneCycleRate({ peak: 1, steps: 3 }), /rise of 0\.3 of 3 steps/);
  assert.throws(() => inSequence(), /at least one/);
  const budget = { initial: 1, final: 0, steps: 10 };
  assert.throws(() => cubicBudget({ ...budget, warmup: 5, cooldown: 5 }), /leave nothing of 10/);
  assert.throws(
    () => cubicBudget({ ...budget, warmup: 1, cooldown: 1, every: 0.5 }),
    /every 0\.5 steps/,
  );
});

Deno.test("cubicBudget() begins at v0, ends at vT, falls between, and acts when it should", () => {
  const { value, enforced } = cubicBudget({
    initial: 12,
    final: 4,
    warmup: 20,
    cooldown: 30,
    steps: 150,
    every: 10,
  });
  assert.deepEqual([0, 20, 120, 121, 500].map(value), [12, 12, 4, 4, 4]);
  // Half of the falling steps gone: an eighth of the difference is left.
  assert.equal(value(70), 5);
  for (let t = 21; t <= 120; t++) assert.ok(value(t) < value(t - 1), `step ${t}`);
  const acting = Array.from({ length: 150 }, (_, t) => t).filter(enforced);
  const expected = Array.from({ length: 10 }, (_, i) => 30 + 10 * i);
  assert.deepEqual(acting, [...expected, ...Array.from({ length: 29 }, (_, i) => 121 + i)]);
});
