/**
 * Policies for contextual bandits from logged human feedback: lower confidence bounds on ratings, (pessimistic)
 * maximum likelihood on preferences, and the simulations that compare them.
 *
 * ```ts
 * import * as bandits from "./mod.ts";
 * import { stream } from "../tensor/random.ts";
 *
 * // Four contexts, two arms of rewards 1 and 0.6; ratings saturate: h̄(r) = tanh(6r)/tanh(6).
 * const spec = { contexts: 4, top: 1, gap: 0.4, shrinking: false, concentrability: 2 };
 * const bandit = bandits.banditOf(spec, 1000);
 * const biased = { kind: "saturation", k: 6 } as const;
 * const random = stream(1, "example");
 *
 * const ratings = bandits.ratingSampler(bandit, biased, { sigma: 0.3, exponent: 0 });
 * const lcb = { constant: Math.SQRT2, scale: 0.3, delta: 0.1 };
 * const fromRatings = bandits.lcbPolicy(bandit, ratings.draw(random, 1000), lcb, random);
 *
 * // As many comparisons without bias, answered by the model of Bradley, Terry and Luce.
 * const { instance, design, draw } = bandits.twoArmPreferences(spec, 1000, bandits.UNBIASED);
 * const { theta } = bandits.newtonMle(design, draw(random, 1000), 2);
 * const fromPreferences = bandits.greedyPolicy(instance, theta, random);
 *
 * console.log(bandits.suboptimality(bandit, fromRatings)); // 0.1 here; 0.19 on average, a coin flip 0.2
 * console.log(bandits.suboptimality(bandit, fromPreferences)); // 0
 * ```
 *
 * Sources: Ji, Wang, Chen, Zhao and Wang (arXiv 2307.12975); Rashidinejad et al. (2021) for LCB; Zhu, Jordan and
 * Jiao (arXiv 2301.11270) for pessimistic maximum likelihood.
 *
 * @module
 */

export { type BatchOptions, vmappedMle } from "./batch_mle.ts";
export { binomial, multinomial } from "./binomial.ts";
export {
  allPairs,
  type ComparedPair,
  type ComparisonDesign,
  comparisonDesign,
  type Comparisons,
  drawComparisons,
} from "./comparisons.ts";
export {
  confidenceMetric,
  confidenceRadius,
  leastCurvature,
  type RadiusOptions,
} from "./confidence.ts";
export {
  type BanditInstance,
  coinFlipLevel,
  concentrability,
  optimalPolicy,
  type Policy,
  suboptimality,
  twoArmInstance,
} from "./instance.ts";
export { lcbBound, type LcbOptions, lcbPolicy } from "./lcb.ts";
export {
  fourActionInstance,
  type LinearInstance,
  randomInstance,
  twoArmFeatures,
} from "./linear_instance.ts";
export { lossDerivatives } from "./logistic_loss.ts";
export { compileMle, type DescentOptions, mleOf } from "./mle_program.ts";
export { type MleResult, newtonMle } from "./newton.ts";
export {
  type ConfidenceSet,
  greedyPolicy,
  pessimismBound,
  pessimisticPolicy,
  pessimisticValue,
} from "./pessimism.ts";
export { type PreferenceStudy, runPreferences } from "./preference_study.ts";
export {
  banditOf,
  fourActionPreferences,
  type PreferenceProblem,
  randomPreferences,
  tabularPreferences,
  twoArmPreferences,
  type TwoArmSpec,
} from "./problems.ts";
export { type RatingStudy, runRatings, type StudyResult } from "./rating_study.ts";
export { type RatingSampler, ratingSampler, type RatingStatistics } from "./ratings.ts";
export { randomTabular, tabularFeatures } from "./tabular.ts";
export {
  asymptoticSquaredError,
  fisherInformation,
  preferenceHalving,
  preferenceSuboptimality,
  ratingHalving,
  ratingSuboptimality,
} from "./theory.ts";
export {
  meanRating,
  type RatingNoise,
  saturationOf,
  type Transform,
  UNBIASED,
} from "./transform.ts";
