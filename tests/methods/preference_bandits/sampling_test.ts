/** Counts, ratings and comparisons: do the draws have the distributions that they claim? */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { binomial, multinomial } from "../../../methods/preference_bandits/binomial.ts";
import { drawComparisons, logistic } from "../../../methods/preference_bandits/comparisons.ts";
import { twoArmInstance } from "../../../methods/preference_bandits/instance.ts";
import { twoArmPreferences } from "../../../methods/preference_bandits/problems.ts";
import { ratingSampler } from "../../../methods/preference_bandits/ratings.ts";
import {
  meanRating,
  saturationOf,
  UNBIASED,
} from "../../../methods/preference_bandits/transform.ts";
import { chiSquaredQuantile, mean, standardDeviation } from "../../../methods/stats/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/preference_bandits.json" with { type: "json" };

/** Pearson's statistic of draws against SciPy's probabilities; rare values share a cell. */
function pearson(draw: () => number, low: number, probabilities: readonly number[], draws: number) {
  const seen = new Float64Array(probabilities.length + 1);
  for (let i = 0; i < draws; i++) {
    const at = draw() - low;
    seen[at >= 0 && at < probabilities.length ? at : probabilities.length]++;
  }
  const rest = 1 - probabilities.reduce((a, b) => a + b, 0);
  const cells = [...probabilities, rest].map((p, i) => [draws * p, seen[i]] as const);
  const rare = cells.filter(([expected]) => expected < 5);
  const common = cells.filter(([expected]) => expected >= 5);
  const pooled = rare.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  const used = pooled[0] >= 5 ? [...common, pooled] : common;
  return {
    statistic: used.reduce((sum, [expected, n]) => sum + (n - expected) ** 2 / expected, 0),
    cells: used.length,
  };
}

describe("binomial()", () => {
  for (const { n, p, low, probabilities } of reference.binomials) {
    it(`has the probabilities of Binomial(${n}, ${p})`, () => {
      const s = stream(11, "binomial", n);
      const { statistic, cells } = pearson(() => binomial(s, n, p), low, probabilities, 40_000);
      const limit = chiSquaredQuantile(0.999, cells - 1);
      assert.ok(statistic < limit, `χ² = ${statistic}, 99.9 % limit ${limit}`);
    });
  }

  it("is told from a binomial of another p by the same test", () => {
    const { n, p, low, probabilities } = reference.binomials[1];
    const s = stream(11, "wrong");
    const wrong = pearson(() => binomial(s, n, p + 0.01), low, probabilities, 40_000);
    assert.ok(wrong.statistic > chiSquaredQuantile(0.999, wrong.cells - 1));
  });

  it("knows its limits", () => {
    const s = stream(11, "limits");
    assert.equal(binomial(s, 0, 0.5), 0);
    assert.equal(binomial(s, 9, 0), 0);
    assert.equal(binomial(s, 9, 1), 9);
    assert.throws(() => binomial(s, 2.5, 0.5), RangeError);
    assert.throws(() => binomial(s, 2, 1.5), RangeError);
  });

  it("has mean and variance at sizes where probabilities cannot be listed", () => {
    const s = stream(11, "large"), n = 4e7, p = 0.3;
    const z = Array.from(
      { length: 4000 },
      () => (binomial(s, n, p) - n * p) / Math.sqrt(n * p * (1 - p)),
    );
    assert.ok(Math.abs(mean(z)) < 0.06, `mean ${mean(z)}`);
    assert.ok(Math.abs(standardDeviation(z) - 1) < 0.05, `sd ${standardDeviation(z)}`);
  });
});

describe("multinomial()", () => {
  it("sums to n and has the means of its shares", () => {
    const s = stream(12, "multinomial"), shares = [0.1, 0.2, 0.3, 0.4];
    const sums = new Float64Array(4);
    for (let i = 0; i < 4000; i++) {
      const counts = multinomial(s, 50, shares);
      assert.equal(counts.reduce((a, b) => a + b), 50);
      counts.forEach((count, j) => sums[j] += count / 4000);
    }
    shares.forEach((share, j) => assert.ok(Math.abs(sums[j] - 50 * share) < 0.25));
  });
});

describe("ratings", () => {
  const instance = twoArmInstance({ contexts: 2, top: 1, gap: 0.4, concentrability: 4 });

  it("have the mean h̄(r) and the standard error σ(r)/√N of each arm", () => {
    const transform = { kind: "saturation" as const, k: 3 };
    const noise = { sigma: 0.5, exponent: 2 };
    const sampler = ratingSampler(instance, transform, noise);
    const s = stream(13, "ratings");
    const errors = Array.from({ length: 4000 }, () => {
      const { counts, means } = sampler.draw(s, 100);
      return [0, 1].map((a) => {
        const r = instance.rewards[0][a];
        const sd = 0.5 * r ** 2 / Math.sqrt(counts[a]);
        return (means[a] - meanRating(transform, r)) / sd;
      });
    });
    for (const a of [0, 1]) {
      const z = errors.map((e) => e[a]);
      assert.ok(Math.abs(mean(z)) < 0.06);
      assert.ok(Math.abs(standardDeviation(z) - 1) < 0.05);
    }
  });

  it("give the optimal arm one sample in C*", () => {
    const sampler = ratingSampler(instance, UNBIASED, { sigma: 1, exponent: 0 });
    const { counts } = sampler.draw(stream(13, "shares"), 80_000);
    assert.ok(Math.abs(counts[0] - 10_000) < 400, `${counts[0]}`);
  });

  it("use the same random numbers for every transform", () => {
    const noise = { sigma: 1, exponent: 0 };
    const [plain, biased] = [0, 6].map((k) =>
      ratingSampler(instance, { kind: "saturation", k }, noise).draw(stream(13, "paired"), 30)
    );
    assert.deepEqual(plain.counts, biased.counts);
    assert.ok(Math.abs(plain.means[0] - biased.means[0]) < 1e-12, "h̄(1) = 1 for every k");
  });
});

describe("comparisons", () => {
  const spec = { contexts: 2, top: 1, gap: 0.4, shrinking: false, concentrability: 2 };

  it("are won with the probability of Bradley, Terry and Luce", () => {
    const { design } = twoArmPreferences(spec, 10, UNBIASED);
    const { counts, wins } = drawComparisons(design, stream(14, "wins"), 200_000);
    // a¹ is the second arm, which is worse by 0.4.
    assert.ok(Math.abs(wins[0] / counts[0] - logistic(-0.4)) < 0.005);
    assert.deepEqual([...design.differences], [-1, 0, 0, -1]);
  });

  it("know the bias: the target is the gap of transformed rewards", () => {
    const { target } = twoArmPreferences(spec, 10, { kind: "saturation", k: 3 });
    const gap = 1 - Math.tanh(1.8) / Math.tanh(3);
    assert.ok(Math.abs(target[0] - gap) < 1e-12);
    assert.ok(Math.abs(gap - 0.049) < 1e-3, "the gap that the specification states for k = 3");
  });

  it("can be saturated to leave a given gap, and no larger one", () => {
    const { k } = saturationOf([1, 0.6], 0.01);
    const gap = 1 - Math.tanh(0.6 * k) / Math.tanh(k);
    assert.ok(Math.abs(gap - 0.01) < 1e-10);
    assert.equal(saturationOf([1, 0.6], 0.4).k < 1e-3, true);
    assert.throws(() => saturationOf([1, 0.6], 0.5), /no saturation leaves 0.5/);
  });

  it("can be made uninformative", () => {
    const { design, target } = twoArmPreferences(spec, 10, UNBIASED, false);
    assert.deepEqual([...design.wins], [0.5, 0.5]);
    assert.deepEqual([...target], [0, 0]);
  });
});
