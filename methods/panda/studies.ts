/** The studies beside the tables: sensitivity to Δ, to c, the rate in n, and the theory's parameters. */

import type { Stream } from "../tensor/random.ts";
import { panda, theoryParameters } from "./estimators.ts";
import { errorRate, momentsOf } from "./moments.ts";
import { type Population, type PopulationChoice, populationOf, sample } from "./populations.ts";
import { type MethodName, pathOf, type TunedScores, tunedScores } from "./replicate.ts";
import { scoresOf } from "./scores.ts";

/** One method's curve over the grid in one replicate of the sensitivity study. */
export interface Curve {
  /** η. */
  readonly scale: number;
  /** Δ of the population. */
  readonly delta: number;
  /** ‖β*‖₂. */
  readonly size: number;
  readonly method: MethodName;
  /** ‖β̂ − β*‖₂ at each λ̃ of the grid. */
  readonly l2: readonly number[];
  /** Exact risk at each λ̃ of the grid. */
  readonly risk: readonly number[];
}

/**
 * One replicate of the sensitivity study (section 5.1, figures 1–3): for each η, β* is multiplied by η, all
 * else (noise included) stays, and each method's whole curve is computed.
 */
export function sensitivityCurves(
  choice: PopulationChoice,
  options: {
    readonly n: number;
    readonly grid: readonly number[];
    readonly c: number;
    readonly methods: readonly MethodName[];
    readonly adaLdaUnit: "plain" | "rate";
    readonly scales: readonly number[];
  },
  random: Stream,
): Curve[] {
  return options.scales.flatMap((scale) => {
    const population = populationOf({ ...choice, scale }, random.child("population"));
    const { x0, x1 } = sample(population, options.n, random.child("train"));
    const moments = momentsOf(x0, x1);
    const size = Math.hypot(...population.beta);
    return options.methods.map((method): Curve => {
      const l2: number[] = [], risk: number[] = [];
      for (const { beta } of pathOf(method, moments, options)) {
        const scores = scoresOf(population, beta, moments.midpoint);
        l2.push(scores.l2);
        risk.push(scores.risk);
      }
      return { scale, delta: population.delta, size, method, l2, risk };
    });
  });
}

/** The λ̃ of the smallest value of a curve; of equal ones the first of the grid, which is the largest. */
export function bestLambda(grid: readonly number[], curve: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < curve.length; i++) if (curve[i] < curve[best]) best = i;
  return grid[best];
}

/** PANDA for one c on one sample. */
export interface PenaltyOutcome {
  /** λ̃ tuned by validation anew for this c. */
  readonly tuned: TunedScores;
  /** Exact risk at a λ̃ that is the same for all c. */
  readonly fixedRisk: number;
}

/** PANDA for each c on one sample (table 1). The paper does not say whether λ̃ was tuned for each c. */
export function penaltyReplicate(
  population: Population,
  options: {
    readonly n: number;
    readonly grid: readonly number[];
    readonly penalties: readonly number[];
    readonly lambda: number;
    readonly patience: number;
  },
  random: Stream,
): PenaltyOutcome[] {
  const train = sample(population, options.n, random.child("train"));
  const validation = sample(population, options.n, random.child("validation"));
  const moments = momentsOf(train.x0, train.x1);
  return options.penalties.map((c) => {
    const [fixed] = panda(moments, [options.lambda], c);
    return {
      tuned: tunedScores(
        population,
        moments,
        panda(moments, options.grid, c),
        (beta) => errorRate(beta, moments.midpoint, validation.x0, validation.x1),
        options.patience,
      ),
      fixedRisk: scoresOf(population, fixed.beta, moments.midpoint).risk,
    };
  });
}

/** PANDA with the oracle-free (c, λ) of Theorem 1 (tables 8 and 9). */
export interface TheoryOutcome {
  readonly c: number;
  /** ‖β̂‖₁. */
  readonly size: number;
  readonly tau: number;
  readonly l2: number;
  readonly risk: number;
  /** Half-width of the slab at τ = 0 over ‖μ̂_d‖_∞: above 1, β = 0 is the exact solution. */
  readonly slabOverMeans: number;
}

/** One replicate with the theory's parameters. */
export function theoryReplicate(population: Population, n: number, random: Stream): TheoryOutcome {
  const { x0, x1 } = sample(population, n, random.child("train"));
  const moments = momentsOf(x0, x1);
  const { c, lambda } = theoryParameters(moments);
  const [{ beta, tau }] = panda(moments, [lambda], c);
  const { l2, risk } = scoresOf(population, beta, moments.midpoint);
  const largest = moments.difference.reduce((m, d) => Math.max(m, Math.abs(d)), 0);
  return {
    c,
    size: beta.reduce((sum, b) => sum + Math.abs(b), 0),
    tau,
    l2,
    risk,
    slabOverMeans: lambda * moments.rate * moments.sigmaMax / largest,
  };
}

/** ‖β̂ − β*‖₂ of PANDA at a fixed λ̃, for independent samples of each size n. */
export function rateReplicate(
  population: Population,
  options: { readonly sizes: readonly number[]; readonly lambda: number; readonly c: number },
  random: Stream,
): number[] {
  return options.sizes.map((n) => {
    const { x0, x1 } = sample(population, n, random.child("train", n));
    const moments = momentsOf(x0, x1);
    const [{ beta }] = panda(moments, [options.lambda], options.c);
    return scoresOf(population, beta, moments.midpoint).l2;
  });
}
