/** Studies against theory, and what is derived from them. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { crossingSize, exponent } from "../../../methods/preference_bandits/curves.ts";
import {
  halvingOf,
  slopesOf,
  studyOf,
  supremumOf,
} from "../../../methods/preference_bandits/derive.ts";
import { newtonMle } from "../../../methods/preference_bandits/newton.ts";
import {
  type BatchMle,
  type PreferenceStudy,
  runPreferences,
} from "../../../methods/preference_bandits/preference_study.ts";
import {
  banditOf,
  randomPreferences,
  twoArmPreferences,
} from "../../../methods/preference_bandits/problems.ts";
import { runRatings, type StudyResult } from "../../../methods/preference_bandits/rating_study.ts";
import {
  asymptoticSquaredError,
  lcbWorstCase,
  leastPreferenceLoss,
  preferenceHalving,
  preferenceSuboptimality,
  ratingHalving,
  ratingSuboptimality,
} from "../../../methods/preference_bandits/theory.ts";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import { claimSchema } from "../../../methods/stats/claim.ts";
import { mean } from "../../../methods/stats/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const spec = { contexts: 4, top: 1, gap: 0.4, shrinking: false, concentrability: 2 };
const view = { contexts: 4, gap: 0.4, seenGap: 0.4 };
const newton: BatchMle = (design, data) =>
  Promise.resolve(
    Float64Array.from(data.flatMap((one) => [...newtonMle(design, one, 2).theta])),
  );
const average = ({ blocks }: StudyResult, measure: string, at = 0) =>
  mean(blocks.map((means) => means[at][measure]));

const ratings = (k: number, sizes: number[], replications = 250) =>
  runRatings({
    sizes,
    blocks: 4,
    replications,
    instanceAt: (n) => banditOf(spec, n),
    transform: { kind: "saturation", k },
    noise: { sigma: 0.3, exponent: 0 },
    learners: {
      lcb: { constant: Math.SQRT2, scale: 0.3, delta: 0.1 },
      mean: { constant: 0, scale: 0.3, delta: 0.1 },
    },
  }, stream(31, "ratings"));

const preferences = (k: number, sizes: number[], rest: Partial<PreferenceStudy> = {}) =>
  runPreferences(
    {
      sizes,
      blocks: 4,
      replications: 250,
      problemAt: (n) => twoArmPreferences(spec, n, { kind: "saturation", k }),
      ball: 2,
      delta: 0.1,
      ridge: 0.25,
      learners: { greedy: 0, pessimistic: 1 },
      kept: 2,
      ...rest,
    },
    stream(31, "preferences"),
    newton,
  );

describe("rating studies", () => {
  it("lose what the normal approximation predicts", () => {
    const seenGap = 1 - Math.tanh(1.8) / Math.tanh(3);
    const found = ratings(3, [640]);
    const predicted = ratingSuboptimality({ ...view, seenGap }, 0.3, 640);
    assert.ok(Math.abs(average(found, "mean") - predicted) < 0.012, `${predicted}`);
  });

  it("are within the bound without bias and outside it with strong bias", () => {
    assert.equal(average(ratings(0, [1280]), "lcb_bound"), 1);
    assert.ok(average(ratings(6, [5120]), "lcb_bound") < 0.3);
  });

  it("repeat themselves for one stream, and differ between blocks", () => {
    const [one, two] = [ratings(3, [80], 50), ratings(3, [80], 50)];
    assert.deepEqual(one, two);
    assert.notDeepEqual(one.blocks[0], one.blocks[1]);
  });
});

describe("preference studies", () => {
  it("lose what the normal approximation predicts, greedy and pessimistic alike", async () => {
    const { result } = await preferences(0, [160]);
    const predicted = preferenceSuboptimality(view, 160);
    assert.ok(Math.abs(average(result, "greedy") - predicted) < 0.01, `${predicted}`);
    assert.ok(Math.abs(average(result, "pessimistic") - predicted) < 0.01);
  });

  it("lose exactly what the sum over all data sets says, when data are few", async () => {
    const { result } = await preferences(0, [20], { replications: 2000 });
    const exact = leastPreferenceLoss(view, 20);
    // 32,000 decisions that are wrong in a third of cases: a standard error of 0.0011.
    assert.ok(Math.abs(average(result, "greedy") - exact) < 0.0045, `${exact}`);
    assert.ok(Math.abs(preferenceSuboptimality(view, 20) - exact) < 0.01);
  });

  it("have the squared error tr(Σ I⁻¹)/n, and Wald ellipsoids that cover 1 − δ", async () => {
    const { result } = await preferences(0, [20_000]);
    assert.ok(Math.abs(average(result, "efficiency") - 1) < 0.1);
    assert.ok(Math.abs(average(result, "wald") - 0.9) < 0.035);
    assert.equal(average(result, "covered"), 1);
  });

  it("give back the first data sets of each block with their estimates", async () => {
    const { fitted } = await preferences(0, [40, 80], { blocks: 2, replications: 5 });
    assert.deepEqual(fitted.map((f) => f.block), [0, 0, 0, 0, 1, 1, 1, 1]);
    const sizes = fitted.map((f) => f.counts.reduce((a, b) => a + b));
    assert.deepEqual(sizes, [40, 40, 80, 80, 40, 40, 80, 80]);
  });
});

describe("theory", () => {
  it("predicts 4d for small differences of rewards, more for large ones", () => {
    const limit = (size: number) => {
      const p = randomPreferences(stream(32, "limit"), {
        contexts: 30,
        arms: 4,
        dimension: 5,
        size,
      });
      return asymptoticSquaredError(p.design, p.target);
    };
    assert.ok(Math.abs(limit(1e-3) - 20) < 1e-4);
    assert.ok(limit(3) > 25);
  });

  it("sums a majority by hand: one context, one and two comparisons", () => {
    const single = { contexts: 1, gap: 1, seenGap: Math.log(3) };
    assert.ok(Math.abs(leastPreferenceLoss(single, 1) - 0.25) < 1e-12);
    assert.ok(Math.abs(leastPreferenceLoss(single, 2) - (0.0625 + 0.5 * 0.375)) < 1e-12);
    const many = { ...view, seenGap: 0.05 };
    const near = preferenceSuboptimality(many, 3000);
    assert.ok(Math.abs(leastPreferenceLoss(many, 3000) - near) < 1e-3);
  });

  it("halves the coin-flip loss at n½", () => {
    const seen = { ...view, seenGap: 0.01 };
    const half = 0.4 / 4;
    assert.ok(Math.abs(ratingSuboptimality(seen, 0.3, ratingHalving(seen, 0.3)) - half) < 1e-7);
    assert.ok(Math.abs(preferenceSuboptimality(seen, preferenceHalving(seen)) - half) < 1e-7);
    // A comparison is worth 1/σ² = 11 ratings of this noise.
    assert.ok(Math.abs(preferenceHalving(seen) / ratingHalving(seen, 0.3) - 1 / 0.09) < 0.01);
  });

  it("bounds LCB by 2 c σ √(S C* log(2S/δ)/n)", () => {
    const bound = lcbWorstCase({ contexts: 4, sigma: 0.3, constant: 1, delta: 0.1 }, 2, 1000);
    assert.ok(Math.abs(bound - 0.6 * Math.sqrt(8 * Math.log(80) / 1000)) < 1e-12);
  });
});

describe("what is read off curves", () => {
  it("finds the exponent of a power and refuses what has no logarithm", () => {
    const x = [10, 100, 1000];
    assert.ok(Math.abs(exponent(x, x.map((v) => 3 * v ** -0.5)) + 0.5) < 1e-12);
    assert.throws(() => exponent(x, [1, 0.1, 0]), /0 is not positive/);
  });

  it("finds where a falling line crosses a level, and refuses one that rises", () => {
    const x = [50, 100, 200];
    const y = x.map((v) => 0.1 - 0.03 * Math.log(v / 120));
    assert.ok(Math.abs(crossingSize(x, y, 0.1) - 120) < 1e-9);
    assert.throws(() => crossingSize(x, [1, 2, 3], 2), /does not fall/);
  });

  it("names metrics by route, condition, measure and size, block by block", () => {
    const result: StudyResult = {
      sizes: [10, 40],
      blocks: [[{ lcb: 0.2 }, { lcb: 0.1 }], [{ lcb: 0.4 }, { lcb: 0.1 }]],
    };
    const study = studyOf({ ratings: { k3: result } }, slopesOf(result, ["lcb"]));
    assert.deepEqual(study.replicates.map((r) => r.seed), [0, 1]);
    assert.deepEqual(study.replicates[1].scope, {
      ratings: { k3: { lcb: { n10: 0.4, n40: 0.1 } } },
      slope: { lcb: -1 },
    });
    assert.equal(supremumOf([result], "lcb", 1), 0.4);
    assert.ok(Math.abs(halvingOf(result, "lcb", 0.15, 0) - 20) < 1e-9);
  });

  it("gives claims that are decided either way: a planted wrong rate is refused", () => {
    const blocks = Array.from(
      { length: 10 },
      (_, b) => [100, 400, 1600].map((n) => ({ error: (1 + 0.02 * Math.sin(b)) * n ** -0.4 })),
    );
    const result = { sizes: [100, 400, 1600], blocks };
    const study = studyOf({ preferences: { random: result } }, slopesOf(result, ["error"]));
    const rate = (half: number) =>
      claimSchema.parse({
        id: "rate",
        kind: "equivalence",
        statement: "The exponent is as stated.",
        source: "[der]",
        estimand: `slope.error + ${half}`,
        margin: 0.05,
        family: "rates",
        inconclusive: "It scatters.",
      });
    const verdictOf = (half: number) =>
      evaluateStudies([rate(half)], { linear: study })[0].verdict.verdict;
    assert.equal(verdictOf(0.4), "reproduced");
    assert.equal(verdictOf(0.5), "not reproduced");
  });
});
