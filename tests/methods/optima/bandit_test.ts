import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  adaptivePolicy,
  ArmEstimates,
  type Draws,
  type Policy,
  roundRobin,
  thompsonSampling,
} from "../../../methods/optima/bandit.ts";

/** A small reproducible generator (mulberry32 with Box–Muller), independent of the product's streams. */
function draws(seed: number): Draws {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

const options = { discount: 0.9, noiseMemory: 0.95 };

/** Plays a policy on arms whose mean reward depends on time; returns the pulls. */
function play(policy: Policy, pulls: number, reward: (arm: number, t: number) => number): number[] {
  return Array.from({ length: pulls }, (_, t) => {
    const arm = policy.choose();
    policy.update(arm, reward(arm, t));
    return arm;
  });
}

const count = (pulls: number[], arm: number) => pulls.filter((p) => p === arm).length;

describe("module choice as a bandit", () => {
  it("discounted estimates follow the recurrence by hand", () => {
    const e = new ArmEstimates(2, { discount: 0.5, noiseMemory: 0.9 });
    e.observe(0, 1); // n = [1, 0], mean = [1, 0]
    e.observe(1, 4); // n = [0.5, 1]
    e.observe(0, 3); // n = [0.25 + 1, 0.5], mean[0] = (1·0.25 + 3)/1.25 = 2.6
    assert.deepEqual([...e.count], [1.25, 0.5]);
    assert.ok(Math.abs(e.mean[0] - 2.6) < 1e-12);
    assert.equal(e.mean[1], 4);
    assert.equal(e.variance, 4); // the single residual 3 − 1, squared
    assert.equal(e.unpulled(), -1);
  });

  it("an undiscounted mean is the plain average", () => {
    const e = new ArmEstimates(1, { discount: 1, noiseMemory: 0.9 });
    for (const r of [1, 2, 3, 6]) e.observe(0, r);
    assert.ok(Math.abs(e.mean[0] - 3) < 1e-12);
    assert.equal(e.count[0], 4);
  });

  it("every arm is pulled once before any estimate is used", () => {
    for (const name of ["optima", "optima_undiscounted", "greedy"] as const) {
      const pulls = play(adaptivePolicy(name, 4, options, draws(1)), 4, () => 0);
      assert.deepEqual([...pulls].sort(), [0, 1, 2, 3], name);
    }
  });

  it("Thompson sampling finds the better arm at rewards of 1e-2 with unknown noise", () => {
    const noise = draws(7);
    const pulls = play(
      thompsonSampling(3, { discount: 0.98, noiseMemory: 0.95 }, draws(2)),
      300,
      (arm) => 0.01 * (arm === 1 ? 1 : 0.2) + 0.004 * noise.normal(),
    );
    assert.ok(count(pulls, 1) > 200, `pulled the best arm ${count(pulls, 1)} of 300 times`);
  });

  it("discounting follows a change that the undiscounted estimate misses", () => {
    const changing = (arm: number, t: number) => arm === (t < 150 ? 0 : 1) ? 1 : 0;
    const late = (name: "optima" | "optima_undiscounted") => {
      const noise = draws(3);
      const pulls = play(
        adaptivePolicy(name, 2, options, draws(4)),
        300,
        (a, t) => changing(a, t) + 0.3 * noise.normal(),
      );
      return count(pulls.slice(150, 220), 1);
    };
    assert.ok(late("optima") > late("optima_undiscounted"));
  });

  it("round robin cycles; random is near uniform and reproducible", () => {
    assert.deepEqual(play(roundRobin(3), 7, () => 0), [0, 1, 2, 0, 1, 2, 0]);
    const a = play(adaptivePolicy("random", 3, options, draws(5)), 900, () => 0);
    const b = play(adaptivePolicy("random", 3, options, draws(5)), 900, () => 0);
    assert.deepEqual(a, b);
    for (const arm of [0, 1, 2]) assert.ok(Math.abs(count(a, arm) - 300) < 75);
  });

  it("wrong use is refused by name", () => {
    assert.throws(() => new ArmEstimates(0, options), /at least 1 arm, got 0/);
    assert.throws(() => new ArmEstimates(2, { ...options, discount: 0 }), /discount must be in/);
    assert.throws(() => new ArmEstimates(2, options).observe(1, NaN), /reward NaN of arm 1/);
  });
});
