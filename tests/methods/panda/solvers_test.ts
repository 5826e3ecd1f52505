/** PANDA, LPD and AdaLDA against Clarabel and HiGHS, and against one another. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import {
  adaLda,
  lpd,
  panda,
  pandaProgramme,
  pandaThin,
  solveFull,
  theoryParameters,
} from "../../../methods/panda/estimators.ts";
import { momentsOf } from "../../../methods/panda/moments.ts";
import { populationOf, sample } from "../../../methods/panda/populations.ts";
import { certify, origin } from "../../../methods/panda/programme.ts";
import { solve } from "../../../methods/panda/solve.ts";
import { spectrumOf } from "../../../methods/panda/spectrum.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { difference, momentsOfCase, reference, size } from "./reference.ts";

const EXACT = { gap: 1e-7, maxSteps: 100_000 };

for (const one of reference.cases) {
  const moments = momentsOfCase(one);
  const grid = one.points.map((point) => point.lambda);

  describe(`the case "${one.name}"`, () => {
    for (const c of ["0.1", "20.0"] as const) {
      it(`panda() finds Clarabel's optimum with c = ${c}`, () => {
        const path = [...panda(moments, grid, Number(c), EXACT)];
        one.points.forEach((point, i) => {
          const expected = point.panda[c];
          const { beta, tau } = path[i];
          const objective = size(beta) + Number(c) * tau ** 2;
          const scale = Math.max(expected.objective, 1e-3 / one.sigma_max);
          assert(Math.abs(objective - expected.objective) < 1e-5 * scale, `λ̃ = ${point.lambda}`);
          assert(Math.abs(tau - expected.tau) < 1e-4, `τ at λ̃ = ${point.lambda}`);
        });
      });
    }

    it("panda() has Clarabel's β", () => {
      const path = [...panda(moments, grid, 20, EXACT)];
      one.points.forEach((point, i) => {
        const apart = difference(path[i].beta, point.panda["20.0"].beta);
        assert(apart * one.sigma_max < 2e-3, `λ̃ = ${point.lambda}: ${apart}`);
      });
    });

    it("lpd() finds HiGHS's solutions", () => {
      const path = [...lpd(moments, grid)];
      one.points.forEach((point, i) => {
        assert(Math.abs(size(path[i].beta) - point.lpd.objective) * one.sigma_max < 1e-6);
        assert(difference(path[i].beta, point.lpd.beta) * one.sigma_max < 1e-5);
      });
    });

    it("adaLda() finds HiGHS's solutions of both stages", () => {
      const path = [...adaLda(moments, grid, { factor: 1, unit: "rate" }, { gap: 1e-6 })];
      one.points.forEach((point, i) => {
        assert(Math.abs(size(path[i].beta) - point.adalda.objective) * one.sigma_max < 1e-4);
      });
    });
  });
}

describe("the solvers", () => {
  const moments = momentsOfCase(reference.cases[0]);
  const programme = pandaProgramme(moments, 0.6, 20);

  it("agree: ADMM on working sets and ADMM on all coordinates", () => {
    const part = solve(programme, origin(8), EXACT);
    const all = solveFull(programme, spectrumOf(moments), origin(8), { tolerance: 1e-9 });
    assert(difference(part.beta, all.beta) < 1e-4);
    assert(all.certificate.gap < 1e-6);
  });

  it("agree on LPD: the exact path, and ADMM with its vertex", () => {
    const slack = 0.5 * moments.rate;
    const found = solve({ ...programme, slack, budget: { kind: "fixed" } }, origin(8), EXACT);
    const [{ beta }] = lpd(moments, [0.5]);
    assert(difference(found.beta, beta.map((b) => b * moments.sigmaMax)) < 1e-6);
    assert(found.certificate.violation < 1e-7);
  });

  it("agree on AdaLDA's first stage: over all coordinates, and at a vertex", () => {
    const weights = programme.target.map((d) => 0.4 * d);
    const linear = {
      ...programme,
      slack: moments.rate,
      budget: { kind: "linear" as const, weights },
    };
    const part = solve(linear, origin(8), EXACT);
    const all = solveFull(linear, spectrumOf(moments), origin(8), {
      tolerance: 1e-8,
      maxSteps: 200_000,
    });
    assert(size(part.beta) > 0.1);
    assert(difference(part.beta, all.beta) < 1e-4);
  });

  it("agree with fewer observations than coordinates: thin steps and working sets", () => {
    const thin = momentsOfCase(reference.cases[2]);
    const [a] = pandaThin(thin, [0.7], 20, { tolerance: 1e-8, maxSteps: 100_000 });
    const [b] = panda(thin, [0.7], 20, EXACT);
    assert(Math.abs(a.tau - b.tau) < 1e-5);
    assert(Math.abs(size(a.beta) - size(b.beta)) < 1e-4);
  });

  it("are found out when they are wrong", () => {
    const right = solve(programme, origin(8), EXACT);
    const wrong = { ...right, beta: right.beta.map((b, j) => j === 0 ? b + 0.1 : b) };
    assert(certify(programme, right).gap < 1e-6);
    assert(certify(programme, wrong).gap > 1e-3);
    assert(certify({ ...programme, slack: programme.slack / 2 }, right).gap > 1e-3);
  });

  it("prove a bound below Clarabel's optimum, from any multipliers", () => {
    const point = reference.cases[0].points.find(({ lambda }) => lambda === 0.8)!;
    const optimum = point.panda["20.0"].objective * moments.sigmaMax;
    for (let trial = 0; trial < 50; trial++) {
      const random = stream(trial, "multipliers");
      const iterate = {
        beta: Float64Array.from({ length: 8 }, () => random.nextNormal()),
        y: Float64Array.from({ length: 8 }, () => random.nextNormal()),
        kappa: Math.abs(random.nextNormal()),
      };
      const { bound, objective } = certify(pandaProgramme(moments, 0.8, 20), iterate);
      assert(bound <= optimum + 1e-9 && objective >= optimum - 1e-9);
    }
  });
});

describe("theoryParameters()", () => {
  it("make β = 0 and τ = 0 exactly optimal on model a", () => {
    const population = populationOf({ model: "ar1", p: 60, s: 5 }, stream(0, "none"));
    const { x0, x1 } = sample(population, 60, stream(0, "theory"));
    const moments = momentsOf(x0, x1);
    const { c, lambda } = theoryParameters(moments);
    const [{ beta, tau }] = panda(moments, [lambda], c);
    assert.equal(size(beta), 0);
    assert.equal(tau, 0);
  });
});
