/** What a study learns from: an instance and how its comparisons come about, for each sample size. */

import type { Stream } from "../tensor/random.ts";
import { binomial } from "./binomial.ts";
import {
  allPairs,
  type ComparisonDesign,
  comparisonDesign,
  type Comparisons,
  drawComparisons,
} from "./comparisons.ts";
import { type BanditInstance, twoArmInstance } from "./instance.ts";
import {
  fourActionInstance,
  type LinearInstance,
  randomInstance,
  twoArmFeatures,
} from "./linear_instance.ts";
import { tabularFeatures } from "./tabular.ts";
import { meanRating, type Transform, UNBIASED } from "./transform.ts";

/** Two arms in each context; see {@link twoArmInstance}. */
export interface TwoArmSpec {
  readonly contexts: number;
  /** Reward of the better arm. */
  readonly top: number;
  /** Difference of rewards; a shrinking one is gap/√n, the worst case of the rates in n. */
  readonly gap: number;
  readonly shrinking: boolean;
  /** C* of the logged ratings. */
  readonly concentrability: number;
}

/** The bandit of `spec` at sample size `n`. */
export function banditOf(spec: TwoArmSpec, n: number): BanditInstance {
  return twoArmInstance({ ...spec, gap: spec.shrinking ? spec.gap / Math.sqrt(n) : spec.gap });
}

/** Comparisons of a linear bandit at one sample size. */
export interface PreferenceProblem {
  readonly instance: LinearInstance;
  readonly design: ComparisonDesign;
  /** What the comparisons are about: θ* of h̄∘r. Length d. */
  readonly target: Float64Array;
  /** A data set of `n` comparisons. */
  draw(stream: Stream, n: number): Comparisons;
}

/** Preferences on the two-arm bandit, each comparison of both arms in a context s ~ ρ. */
export function twoArmPreferences(
  spec: TwoArmSpec,
  n: number,
  transform: Transform,
  informative = true,
): PreferenceProblem {
  const instance = twoArmFeatures(banditOf(spec, n));
  const design = comparisonDesign(instance, allPairs(instance), transform, { informative });
  const target = Float64Array.from(
    instance.rewards,
    ([first, second]) =>
      informative ? meanRating(transform, first) - meanRating(transform, second) : 0,
  );
  return { instance, design, target, draw: (stream, n) => drawComparisons(design, stream, n) };
}

/** Preferences on a tabular bandit, all pairs of arms in all contexts equally likely. */
export function tabularPreferences(
  bandit: BanditInstance,
  transform: Transform,
): PreferenceProblem {
  const instance = tabularFeatures(bandit);
  const design = comparisonDesign(instance, allPairs(instance), transform);
  const seen = bandit.rewards.map((row) => row.map((r) => meanRating(transform, r)));
  const target = tabularFeatures({ ...bandit, rewards: seen }).parameter;
  return { instance, design, target, draw: (stream, n) => drawComparisons(design, stream, n) };
}

/** Unbiased preferences on a random linear bandit, all pairs equally likely. */
export function randomPreferences(
  stream: Stream,
  spec: Parameters<typeof randomInstance>[1],
): PreferenceProblem {
  const instance = randomInstance(stream, spec);
  const design = comparisonDesign(instance, allPairs(instance), UNBIASED);
  const target = instance.parameter;
  return { instance, design, target, draw: (stream, n) => drawComparisons(design, stream, n) };
}

/**
 * Unbiased preferences on the four-action bandit: n − 1 comparisons of actions 0 and 1, one of actions 1 and 2.
 * With `balanced` both pairs get half, and the instance loses its trap.
 */
export function fourActionPreferences(balanced: boolean): PreferenceProblem {
  const instance = fourActionInstance();
  const pairs = [
    { context: 0, first: 0, second: 1, share: 0.5 },
    { context: 0, first: 1, second: 2, share: 0.5 },
  ];
  const design = comparisonDesign(instance, pairs, UNBIASED);
  return {
    instance,
    design,
    target: instance.parameter,
    draw(stream, n) {
      const rare = balanced ? Math.floor(n / 2) : 1;
      const counts = Float64Array.of(n - rare, rare);
      return { counts, wins: counts.map((count, i) => binomial(stream, count, design.wins[i])) };
    },
  };
}
