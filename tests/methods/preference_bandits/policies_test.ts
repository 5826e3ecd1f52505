/** LCB and pessimistic choice, on cases whose answer is known. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  confidenceMetric,
  confidenceRadius,
  leastCurvature,
} from "../../../methods/preference_bandits/confidence.ts";
import {
  coinFlipLevel,
  concentrability,
  optimalPolicy,
  suboptimality,
  twoArmInstance,
} from "../../../methods/preference_bandits/instance.ts";
import { lcbBound, lcbPenalties, lcbPolicy } from "../../../methods/preference_bandits/lcb.ts";
import { newtonMle } from "../../../methods/preference_bandits/newton.ts";
import {
  greedyPolicy,
  pessimismBound,
  pessimisticPolicy,
  pessimisticValue,
} from "../../../methods/preference_bandits/pessimism.ts";
import {
  fourActionPreferences,
  randomPreferences,
  tabularPreferences,
  twoArmPreferences,
} from "../../../methods/preference_bandits/problems.ts";
import { randomTabular } from "../../../methods/preference_bandits/tabular.ts";
import { UNBIASED } from "../../../methods/preference_bandits/transform.ts";
import { stream } from "../../../methods/tensor/random.ts";

const bandit = twoArmInstance({ contexts: 2, top: 1, gap: 0.4, concentrability: 2 });
const ties = () => stream(21, "ties");

describe("two-arm bandits", () => {
  it("have the stated C*, coin-flip loss and optimum", () => {
    assert.equal(concentrability(bandit), 2);
    assert.ok(Math.abs(coinFlipLevel(bandit) - 0.2) < 1e-12);
    assert.equal(suboptimality(bandit, optimalPolicy(bandit)), 0);
    assert.ok(Math.abs(suboptimality(bandit, Int32Array.of(0, 1)) - 0.2) < 1e-12);
  });
});

describe("LCB", () => {
  const options = { constant: 1, scale: 0.5, delta: 0.1 };

  it("subtracts c V √(log(SA/δ)/N)", () => {
    const [b, none] = lcbPenalties(Float64Array.of(25, 0, 1, 1), options);
    assert.ok(Math.abs(b - 0.5 * Math.sqrt(Math.log(4 / 0.1) / 25)) < 1e-12);
    assert.equal(none, Infinity);
  });

  it("prefers the arm that it knows: the better mean loses to the smaller penalty", () => {
    const data = {
      counts: Float64Array.of(2, 200, 200, 200),
      means: Float64Array.of(0.9, 0.7, 0.9, 0.7),
    };
    assert.deepEqual([...lcbPolicy(bandit, data, options, ties())], [1, 0]);
    assert.deepEqual([...lcbPolicy(bandit, data, { ...options, constant: 0 }, ties())], [0, 0]);
  });

  it("breaks the ties of the clip at 0 at random", () => {
    const data = { counts: Float64Array.of(1, 0, 1, 1), means: Float64Array.of(0.4, 0, 0.3, 0.2) };
    const s = ties();
    let first = 0;
    for (let i = 0; i < 2000; i++) first += lcbPolicy(bandit, data, options, s)[0] === 0 ? 1 : 0;
    assert.ok(Math.abs(first - 1000) < 120, `${first} of 2000`);
  });

  it("bounds the loss by 2 E b, clipped at the reward", () => {
    const counts = Float64Array.of(1e6, 1e6, 0, 5);
    const [b] = lcbPenalties(counts, options);
    const bound = lcbBound(bandit, { counts, means: new Float64Array(4) }, options);
    assert.ok(Math.abs(bound - (0.5 * 2 * b + 0.5 * 1)) < 1e-12);
  });
});

describe("the confidence set", () => {
  it("has γ = 1/(2 + e^−LB + e^LB), the least slope of the logistic function", () => {
    assert.equal(leastCurvature(0, 1), 0.25);
    assert.ok(Math.abs(leastCurvature(1, 2) - 1 / (2 + Math.exp(-2) + Math.exp(2))) < 1e-15);
  });

  it("shrinks as 1/√n and grows with B", () => {
    const radius = (n: number, ball: number) =>
      confidenceRadius(4, n, { delta: 0.1, ball, length: 1, lambda: 1 / n });
    assert.ok(Math.abs(radius(100, 2) / radius(400, 2) - 2) < 1e-12);
    assert.ok(radius(100, 4) > 3 * radius(100, 2));
  });

  it("holds the truth in all of 500 small data sets; a hundredth of it does not", () => {
    const problem = twoArmPreferences(
      { contexts: 4, top: 1, gap: 0.4, shrinking: false, concentrability: 2 },
      200,
      UNBIASED,
    );
    const s = stream(22, "cover"), n = 200, lambda = 0.25 / n;
    const radius = confidenceRadius(4, n, { delta: 0.1, ball: 2, length: 1, lambda });
    let covered = 0, narrow = 0;
    for (let i = 0; i < 500; i++) {
      const data = problem.draw(s, n);
      const { theta } = newtonMle(problem.design, data, 2);
      const { matrix } = confidenceMetric(problem.design, data.counts, lambda);
      const delta = theta.map((t, j) => t - problem.target[j]);
      let squares = 0;
      delta.forEach((a, i) => delta.forEach((b, j) => squares += a * b * matrix[i * 4 + j]));
      covered += Math.sqrt(squares) <= radius ? 1 : 0;
      narrow += Math.sqrt(squares) <= radius / 100 ? 1 : 0;
    }
    assert.equal(covered, 500);
    assert.ok(narrow < 50);
  });
});

describe("pessimistic choice", () => {
  const problem = randomPreferences(stream(23, "instance"), {
    contexts: 4,
    arms: 3,
    dimension: 3,
    size: 1,
  });
  const { instance, design } = problem;
  const data = problem.draw(stream(23, "data"), 60);
  const { theta } = newtonMle(design, data, 2);
  const { factor } = confidenceMetric(design, data.counts, 0.01);

  it("with radius 0 is greedy", () => {
    const set = { theta, factor, radius: 0 };
    assert.deepEqual(
      pessimisticPolicy(instance, set, ties()),
      greedyPolicy(instance, theta, ties()),
    );
  });

  it("is the best of all policies, by their worst θ in the set", () => {
    const set = { theta, factor, radius: 0.7 };
    const best = pessimisticValue(instance, pessimisticPolicy(instance, set, ties()), set);
    for (let code = 0; code < 81; code++) {
      const policy = Int32Array.from({ length: 4 }, (_, s) => Math.floor(code / 3 ** s) % 3);
      assert.ok(pessimisticValue(instance, policy, set) <= best + 1e-12);
    }
  });

  it("by coordinate ascent is that of enumeration for small radii, and near it for large ones", () => {
    // Eight contexts: 6561 policies, more than are enumerated.
    const wide = randomPreferences(stream(24, "instance"), {
      contexts: 8,
      arms: 3,
      dimension: 3,
      size: 1,
    });
    const data = wide.draw(stream(24, "data"), 200);
    const { theta } = newtonMle(wide.design, data, 2);
    const { factor } = confidenceMetric(wide.design, data.counts, 0.001);
    for (const radius of [0.05, 0.3, 1]) {
      const set = { theta, factor, radius };
      const found = pessimisticValue(
        wide.instance,
        pessimisticPolicy(wide.instance, set, ties()),
        set,
      );
      let best = -Infinity, worst = Infinity;
      for (let code = 0; code < 3 ** 8; code++) {
        const policy = Int32Array.from({ length: 8 }, (_, s) => Math.floor(code / 3 ** s) % 3);
        const value = pessimisticValue(wide.instance, policy, set);
        best = Math.max(best, value);
        worst = Math.min(worst, value);
      }
      assert.ok(found <= best + 1e-12);
      const missed = (best - found) / (best - worst);
      assert.ok(missed <= (radius < 0.1 ? 1e-12 : 0.05), `radius ${radius}: ${missed}`);
    }
  });

  it("has the value θ̂ᵀu − f‖u‖ that a search over the ellipsoid confirms", () => {
    const set = { theta, factor, radius: 0.5 };
    const policy = Int32Array.of(0, 1, 2, 0);
    const value = pessimisticValue(instance, policy, set);
    // Points θ̂ + f L⁻ᵀ z with ‖z‖ = 1 lie on the boundary of the set.
    const d = 3, s = stream(25, "search");
    const u = instance.reference.map((v) => -v);
    policy.forEach((a, c) => u.forEach((_, j) => u[j] += instance.features[c][a][j] / 4));
    let lowest = Infinity;
    for (let i = 0; i < 20_000; i++) {
      const z = Array.from({ length: d }, () => s.nextNormal());
      const length = Math.hypot(...z);
      const x = z.map((v) => 0.5 * v / length);
      for (let r = d - 1; r >= 0; r--) {
        for (let k = r + 1; k < d; k++) x[r] -= factor.data[k * d + r] * x[k];
        x[r] /= factor.data[r * d + r];
      }
      lowest = Math.min(lowest, u.reduce((sum, v, j) => sum + v * (theta[j] + x[j]), 0));
    }
    assert.ok(lowest >= value - 1e-12 && lowest - value < 0.01, `${lowest} and ${value}`);
  });
});

describe("tabular bandits of several arms", () => {
  const bandit = randomTabular(stream(27, "tabular"), { contexts: 3, arms: 4 });
  const { instance, design, target, draw } = tabularPreferences(bandit, UNBIASED);

  it("have features that give each reward up to its context's mean, all of one norm", () => {
    bandit.rewards.forEach((row, s) =>
      row.forEach((r, a) => {
        const value = instance.features[s][a].reduce((sum, v, j) => sum + v * target[j], 0);
        const centred = r - row.reduce((x, y) => x + y) / row.length;
        assert.ok(Math.abs(value - centred) < 1e-12);
        const squares = instance.features[s][a].reduce((sum, v) => sum + v * v, 0);
        assert.ok(Math.abs(squares - 3 / 4) < 1e-12);
      })
    );
  });

  it("have no direction that comparisons cannot see", () => {
    assert.equal(instance.dimension, 9);
    assert.doesNotThrow(() => confidenceMetric(design, design.shares, 0));
  });

  it("are learned from enough comparisons", () => {
    const { theta } = newtonMle(design, draw(stream(27, "data"), 1e6), 3);
    const policy = greedyPolicy(instance, theta, ties());
    assert.ok(suboptimality(bandit, policy) < 0.005);
  });
});

describe("the four-action instance", () => {
  const { instance, design, draw } = fourActionPreferences(false);
  const n = 4e6;
  const learn = (wins: number[]) => {
    const data = { counts: Float64Array.of(n - 1, 1), wins: Float64Array.from(wins) };
    const { theta } = newtonMle(design, data, 2);
    const lambda = 0.25 / n;
    const radius = confidenceRadius(2, n, { delta: 0.1, ball: 2, length: 1, lambda });
    const { factor } = confidenceMetric(design, data.counts, lambda);
    const lossOf = (policy: Int32Array) => suboptimality(instance, policy);
    return {
      greedy: lossOf(greedyPolicy(instance, theta, ties())),
      pessimistic: lossOf(pessimisticPolicy(instance, { theta, factor, radius }, ties())),
      bound: pessimismBound(instance, { factor, radius }),
    };
  };
  const expected = Math.round((n - 1) / (1 + Math.exp(-0.1)));

  it("traps greedy choice when its one rare comparison goes the unlikely way", () => {
    const unlucky = learn([expected, 1]);
    assert.ok(Math.abs(unlucky.greedy - 1) < 1e-12, `${unlucky.greedy}`);
    assert.equal(unlucky.pessimistic, 0);
    assert.equal(learn([expected, 0]).greedy, 0);
  });

  it("has a bound that knows nothing of the trap, since its best action is well covered", () => {
    assert.ok(learn([expected, 1]).bound < 0.02);
  });

  it("is compared n − 1 times and once", () => {
    assert.deepEqual([...draw(stream(26, "draw"), 50).counts], [49, 1]);
    const balanced = fourActionPreferences(true).draw(stream(26, "draw"), 50);
    assert.deepEqual([...balanced.counts], [25, 25]);
  });
});
