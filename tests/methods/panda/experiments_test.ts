/** Paths on larger problems, tuning, K classes, gene expressions, and the studies. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import type { Estimate } from "../../../methods/panda/estimators.ts";
import { dense, difference, size } from "./reference.ts";
import {
  bestLambda,
  certify,
  classify,
  contrastsOf,
  errorRate,
  lpd,
  lpdPath,
  middleVariance,
  momentsOf,
  panda,
  PAPER_GRID,
  parseExpression,
  populationOf,
  replicate,
  sample,
  scoresOf,
  screen,
  sensitivityCurves,
  solve,
  stratifiedSplit,
  tune,
} from "../../../methods/panda/mod.ts";
import { origin } from "../../../methods/panda/programme.ts";
import { stream } from "../../../methods/tensor/random.ts";

const population = populationOf({ model: "approximately_sparse", p: 60, s: 5 }, stream(0, "model"));
const { x0, x1 } = sample(population, 80, stream(0, "sample"));
const moments = momentsOf(x0, x1);

describe("paths", () => {
  it("lpdPath() is feasible and optimal all the way, by ADMM's certificates", () => {
    const target = moments.difference.map((d) => d / moments.sigmaMax);
    const bounds = [3, 1, 0.5, 0.3].map((lambda) => lambda * moments.rate);
    for (const [i, beta] of [...lpdPath(moments.covariance, target, bounds)].entries()) {
      const programme = {
        covariance: moments.covariance,
        target,
        slack: bounds[i],
        budget: { kind: "fixed" as const },
      };
      const start = { ...origin(60), beta };
      assert(certify(programme, start).violation < 1e-9);
      const { certificate } = solve(programme, start, { gap: 1e-5 });
      assert(Math.abs(certificate.objective - size(beta)) < 2e-4 * size(beta), `bound ${i}`);
    }
  });

  it("lpdPath() ends where a singular Σ̂ leaves nothing feasible", () => {
    const covariance = dense([[1, 0], [0, 0]]);
    const found = [...lpdPath(covariance, Float64Array.of(2, 1), [1.5, 1.2, 0.5])];
    assert.equal(found.length, 2);
    assert(difference(found[1], [0.8, 0]) < 1e-12);
  });

  it("panda() proves every point of the paper's grid", () => {
    let looked = 0;
    for (const { beta, tau, lambda } of panda(moments, PAPER_GRID)) {
      looked++;
      const product = moments.covariance.data;
      let square = 0;
      for (let i = 0; i < 60; i++) {
        for (let j = 0; j < 60; j++) square += beta[i] * beta[j] * product[i * 60 + j];
      }
      assert(Math.sqrt(square) * moments.sigmaMax <= tau * (1 + 1e-9), `λ̃ = ${lambda}`);
    }
    assert.equal(looked, 80);
  });

  it("a small λ̃ is not the largest one's solution (the grid matters)", () => {
    const [a, b] = [...lpd(moments, [2, 0.5])];
    assert(difference(a.beta, b.beta) > 0.1);
  });
});

describe("tune()", () => {
  const path = [4, 3, 2, 1].map((lambda): Estimate => ({
    lambda,
    beta: Float64Array.of(lambda),
    gap: 0,
  }));

  it("keeps both ends of a tie, and leaves a path that gets worse", () => {
    const errors: Record<number, number> = { 4: 0.3, 3: 0.1, 2: 0.1, 1: 0.9 };
    const found = tune(path, ([lambda]) => errors[lambda], 0.05);
    assert.equal(found.largest.estimate.lambda, 3);
    assert.equal(found.smallest.estimate.lambda, 2);
    assert.equal(found.ties, 2);
    assert.equal(tune(path, ([lambda]) => lambda === 4 ? 0 : 1, 0.05).looked, 2);
  });

  it("refuses an empty path", () => {
    assert.throws(() => tune([], () => 0), /empty/);
  });
});

describe("replicates and studies", () => {
  it("replicate() scores every method above the Bayes risk and below a coin", () => {
    const methods = ["panda", "lpd", "adalda", "adalda_printed"] as const;
    const found = replicate(population, {
      n: 80,
      grid: [2, 1, 0.5],
      c: 20,
      methods,
      adaLdaUnit: "rate",
      patience: 0.05,
    }, stream(1, "replicate"));
    for (const method of methods) {
      const { risk } = found[method]!.scores;
      assert(risk > 0.099 && risk < 0.35, `${method}: ${risk}`);
    }
  });

  it("the exact risk is what a large fresh sample shows", () => {
    const [{ beta }] = panda(moments, [0.8]);
    const fresh = sample(population, 5000, stream(2, "fresh"));
    const measured = errorRate(beta, moments.midpoint, fresh.x0, fresh.x1);
    assert(Math.abs(measured - scoresOf(population, beta, moments.midpoint).risk) < 0.012);
  });

  it("sensitivityCurves() multiplies Δ by η", () => {
    const curves = sensitivityCurves({ model: "varying_diagonal", p: 20, s: 5 }, {
      n: 50,
      grid: [2, 1, 0.5],
      c: 20,
      methods: ["panda", "lpd"],
      adaLdaUnit: "rate",
      scales: [1, 2],
    }, stream(3, "curves"));
    assert.equal(curves.length, 4);
    assert(Math.abs(curves[2].delta / curves[0].delta - 2) < 1e-12);
    assert.equal(bestLambda([3, 2, 1], [5, 4, 4]), 2);
  });
});

describe("K classes", () => {
  it("two classes are classified as by the two-class rule, with the prior's shift", () => {
    const [contrast] = contrastsOf([x0, x1]);
    const [{ beta }] = panda(contrast, [1]);
    const found = classify(x1, [contrast], [beta]);
    const wrong = found.filter((k) => k !== 1).length;
    const none = dense([[...new Float64Array(60)]]);
    const both = errorRate(beta, contrast.midpoint, { ...none, rows: 0 }, x1);
    assert.equal(wrong / x1.rows, both);
    const shifted = classify(x1, [contrast], [beta], [0.001, 0.999]);
    assert(shifted.filter((k) => k !== 1).length <= wrong);
  });

  it("three separated classes are told apart", () => {
    const random = stream(4, "classes");
    const classes = [0, 1, 2].map((k) =>
      dense(
        Array.from({ length: 30 }, () =>
          Array.from({ length: 6 }, (_, j) => random.nextNormal() + (j === k ? 6 : 0))),
      )
    );
    const contrasts = contrastsOf(classes);
    const directions = contrasts.map((m) => [...panda(m, [0.5])][0].beta);
    classes.forEach((x, k) => {
      const right = classify(x, contrasts, directions).filter((found) => found === k).length;
      assert(right >= 28, `class ${k}: ${right} of 30`);
    });
  });
});

describe("gene expressions", () => {
  const text = "sample,class,g1,g2,g3\na,X,1,2,5\nb,X,,4,5.5\nc,Y,7,2,5\nd,Y,9,4,5.2\n";

  it("parseExpression() reads values, and gives missing ones the gene's mean", () => {
    const { classes, genes, values, imputed } = parseExpression(text);
    assert.deepEqual(classes, ["X", "X", "Y", "Y"]);
    assert.deepEqual(genes, ["g1", "g2", "g3"]);
    assert.equal(imputed, 1);
    assert(Math.abs(values.data[3] - 17 / 3) < 1e-12);
    assert.throws(() => parseExpression(text.replace("7,2", "x,2")), /line 4: "x"/);
    assert.throws(() => parseExpression(text.replace("7,2", "7")), /line 4 has 2 values/);
  });

  it("screen() keeps the gene that separates, seen on the training part only", () => {
    const { values } = parseExpression(text);
    const all = Int32Array.of(0, 1, 2);
    const train = [Int32Array.of(0, 1), Int32Array.of(2, 3)];
    assert.deepEqual([...screen(values, train, all, 1)], [0]);
  });

  it("middleVariance() drops the ends", () => {
    const random = stream(6, "variances");
    const rows = Array.from(
      { length: 20 },
      () => Array.from({ length: 12 }, (_, j) => 10 ** j * random.nextNormal()),
    );
    const kept = middleVariance(dense(rows), 6);
    assert.deepEqual([...kept], [2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("stratifiedSplit() uses each sample once", () => {
    const classes = [...Array(10).fill("A"), ...Array(5).fill("B")];
    const split = stratifiedSplit(
      classes,
      ["A", "B"],
      { validation: 0.2, test: 0.2 },
      stream(7, "s"),
    );
    const all = [split.train, split.validation, split.test].flat().flatMap((part) => [...part]);
    assert.deepEqual(all.sort((a, b) => a - b), classes.map((_, i) => i));
    assert.deepEqual(split.test.map((part) => part.length), [2, 1]);
    assert(split.train[1].every((i) => classes[i] === "B"));
  });
});
