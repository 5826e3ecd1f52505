/** The maximum-likelihood estimate by Newton and by the ONNX program, against SciPy and statsmodels. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { vmappedMle } from "../../../methods/preference_bandits/batch_mle.ts";
import { lossDerivatives } from "../../../methods/preference_bandits/logistic_loss.ts";
import { newtonMle } from "../../../methods/preference_bandits/newton.ts";
import {
  randomPreferences,
  twoArmPreferences,
} from "../../../methods/preference_bandits/problems.ts";
import { UNBIASED } from "../../../methods/preference_bandits/transform.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/preference_bandits.json" with { type: "json" };

type Case = (typeof reference.estimates)[number];
const designOf = ({ dimension, differences }: Case) => ({
  dimension,
  pairs: differences.length / dimension,
  differences: Float64Array.from(differences),
});
const dataOf = ({ counts, wins }: Case) => ({
  counts: Float64Array.from(counts),
  wins: Float64Array.from(wins),
});
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])));
const descent = { steps: 100, tolerance: 1e-9, provider: "cpu" as const, threads: 1 };

describe("the logistic loss", () => {
  for (const c of reference.estimates) {
    it(`has SciPy's value, gradient and Hessian: ${c.name}`, () => {
      const at = lossDerivatives(designOf(c), dataOf(c), Float64Array.from(c.at));
      assert.ok(Math.abs(at.value - c.loss) < 1e-12);
      assert.ok(largest(at.gradient, c.gradient) < 1e-12);
      assert.ok(largest(at.hessian, c.hessian) < 1e-12);
    });
  }

  it("has a gradient and a Hessian that finite differences confirm, penalty included", () => {
    const c = reference.estimates[2];
    const at = Float64Array.from(c.at), h = 1e-5, mu = 0.3;
    const here = lossDerivatives(designOf(c), dataOf(c), at, mu);
    at.forEach((_, j) => {
      const moved = (step: number) =>
        lossDerivatives(designOf(c), dataOf(c), at.map((v, k) => k === j ? v + step : v), mu);
      const [up, down] = [moved(h), moved(-h)];
      assert.ok(Math.abs((up.value - down.value) / (2 * h) - here.gradient[j]) < 1e-9);
      up.gradient.forEach((g, k) => {
        const slope = (g - down.gradient[k]) / (2 * h);
        assert.ok(Math.abs(slope - here.hessian[k * c.dimension + j]) < 1e-9);
      });
    });
  });
});

describe("Newton's estimate", () => {
  for (const c of reference.estimates) {
    it(`is that of ${c.source}: ${c.name}`, () => {
      const found = newtonMle(designOf(c), dataOf(c), c.ball);
      assert.ok(largest(found.theta, c.theta) < 1e-9, `${found.theta} against ${c.theta}`);
      assert.ok(found.residual < 1e-10);
      assert.equal(found.multiplier > 0, c.source !== "statsmodels GLM");
    });
  }

  it("stays at 0 in a direction that no comparison informs", () => {
    const design = { dimension: 2, pairs: 2, differences: Float64Array.of(1, 0, 0, 1) };
    const data = { counts: Float64Array.of(10, 0), wins: Float64Array.of(7, 0) };
    const { theta } = newtonMle(design, data, 3);
    assert.ok(Math.abs(theta[0] - Math.log(7 / 3)) < 1e-10);
    assert.equal(theta[1], 0);
  });

  it("refuses a data set without comparisons, and a ball without a radius", () => {
    const design = { dimension: 1, pairs: 1, differences: Float64Array.of(1) };
    const none = { counts: Float64Array.of(0), wins: Float64Array.of(0) };
    assert.throws(() => newtonMle(design, none, 1), /holds no comparison/);
    const some = { counts: Float64Array.of(2), wins: Float64Array.of(1) };
    assert.throws(() => newtonMle(design, some, 0), /radius is 0/);
  });
});

describe("the ONNX training program", () => {
  // The last case has curvatures 10,000 apart: first-order steps are not meant for it.
  for (const c of reference.estimates.slice(0, -1)) {
    it(`agrees with ${c.source} within 1e-5: ${c.name}`, async () => {
      const theta = await vmappedMle({ ...descent, ball: c.ball })(designOf(c), [dataOf(c)]);
      assert.ok(largest(theta, c.theta) < 1e-5, `${theta} against ${c.theta}`);
    });
  }

  const two = twoArmPreferences(
    { contexts: 4, top: 1, gap: 0.4, shrinking: false, concentrability: 2 },
    20,
    UNBIASED,
  );
  const wide = randomPreferences(stream(5, "instance"), {
    contexts: 10,
    arms: 4,
    dimension: 5,
    size: 1,
  });
  for (const [name, problem] of [["two arms", two], ["random features", wide]] as const) {
    it(`vmapped over data sets of several batches, agrees with Newton on each: ${name}`, async () => {
      const draws = stream(5, "data", name);
      const data = Array.from({ length: 5000 }, (_, i) => problem.draw(draws, 20 * (1 + i % 40)));
      const thetas = await vmappedMle({ ...descent, ball: 2 })(problem.design, data);
      const d = problem.design.dimension;
      let worst = 0, onBoundary = 0;
      data.forEach((one, i) => {
        if (i % 10 !== 0) return;
        const { theta, multiplier } = newtonMle(problem.design, one, 2);
        if (multiplier > 0) onBoundary++;
        worst = Math.max(worst, largest(theta, thetas.subarray(i * d, (i + 1) * d)));
      });
      assert.ok(worst < 1e-5, `they differ by ${worst}`);
      assert.ok(onBoundary > 0, "the draws should reach the boundary of the ball too");
    });
  }

  it("stopped after two steps, it does not agree: the comparison can fail", async () => {
    const c = reference.estimates[2];
    const early = vmappedMle({ ...descent, steps: 2, tolerance: Infinity, ball: c.ball });
    assert.ok(largest(await early(designOf(c), [dataOf(c)]), c.theta) > 1e-5);
  });

  it("says which data set has not converged", async () => {
    const c = reference.estimates[2];
    const early = vmappedMle({ ...descent, steps: 2, ball: c.ball });
    await assert.rejects(early(designOf(c), [dataOf(c)]), /data set 0 has not converged/);
  });
});
