/** One replicate of a cell of tables 2, 3, 5, 6 and 12: all methods on one sample, tuned by validation. */

import type { Stream } from "../tensor/random.ts";
import { adaLda, type Estimate, lpd, panda } from "./estimators.ts";
import { errorRate, type Moments, momentsOf } from "./moments.ts";
import { type Population, sample } from "./populations.ts";
import { type Scores, scoresOf } from "./scores.ts";
import { tune } from "./tuning.ts";

/** Methods of a replicate. `adalda_printed` has the factor 4 of the text, `adalda` that of its authors. */
export const METHODS = ["panda", "lpd", "adalda", "adalda_printed"] as const;
export type MethodName = typeof METHODS[number];

/** How a replicate is made. */
export interface ReplicateOptions {
  /** Observations of each class, for training and for validation each. */
  readonly n: number;
  /** Grid of λ̃, descending. */
  readonly grid: readonly number[];
  readonly c: number;
  readonly methods: readonly MethodName[];
  /** Unit of λ in AdaLDA. */
  readonly adaLdaUnit: "plain" | "rate";
  /** See {@linkcode tune}. */
  readonly patience: number;
}

/** A tuned method. */
export interface TunedScores {
  /** The λ̃ chosen; ties of the validation error go to the largest. */
  readonly lambda: number;
  readonly validation: number;
  readonly scores: Scores;
  /** The same with ties resolved to the smallest λ̃. */
  readonly smallest: { readonly lambda: number; readonly scores: Scores };
  /** Relative duality gap proven for the chosen estimate. */
  readonly gap: number;
  /** λ̃ that share the smallest validation error, and λ̃ that were looked at. */
  readonly ties: number;
  readonly looked: number;
}

/** The path of a method on a sample. */
export function pathOf(
  method: MethodName,
  moments: Moments,
  { grid, c, adaLdaUnit: unit }: Pick<ReplicateOptions, "grid" | "c" | "adaLdaUnit">,
): Iterable<Estimate> {
  switch (method) {
    case "panda":
      return panda(moments, grid, c);
    case "lpd":
      return lpd(moments, grid);
    case "adalda":
      return adaLda(moments, grid, { factor: 1, unit });
    case "adalda_printed":
      return adaLda(moments, grid, { factor: 4, unit });
  }
}

/** Draws a training and a validation sample, tunes each method on them, and scores it exactly. */
export function replicate(
  population: Population,
  options: ReplicateOptions,
  random: Stream,
): Partial<Record<MethodName, TunedScores>> {
  const train = sample(population, options.n, random.child("train"));
  const validation = sample(population, options.n, random.child("validation"));
  const moments = momentsOf(train.x0, train.x1);
  const out: Partial<Record<MethodName, TunedScores>> = {};
  for (const method of options.methods) {
    out[method] = tunedScores(
      population,
      moments,
      pathOf(method, moments, options),
      (beta) => errorRate(beta, moments.midpoint, validation.x0, validation.x1),
      options.patience,
    );
  }
  return out;
}

/** Tunes one path and scores what both tie rules choose. */
export function tunedScores(
  population: Population,
  moments: Moments,
  path: Iterable<Estimate>,
  error: (beta: Float64Array) => number,
  patience: number,
): TunedScores {
  const { largest, smallest, ties, looked } = tune(path, error, patience);
  const score = (beta: Float64Array) => scoresOf(population, beta, moments.midpoint);
  return {
    lambda: largest.estimate.lambda,
    validation: largest.error,
    scores: score(largest.estimate.beta),
    smallest: {
      lambda: smallest.estimate.lambda,
      scores: score(smallest.estimate.beta),
    },
    gap: largest.estimate.gap,
    ties,
    looked,
  };
}
