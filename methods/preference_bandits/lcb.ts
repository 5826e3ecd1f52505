/**
 * Lower confidence bounds on ratings: the pessimistic learner of offline bandits (Rashidinejad et al.,
 * Bridging offline reinforcement learning and imitation learning, 2021), which the paper takes as the
 * route from ratings to a policy.
 */

import type { Stream } from "../tensor/random.ts";
import { armsOf, type BanditInstance, optimalPolicy, type Policy } from "./instance.ts";
import { chooseBest } from "./ties.ts";
import type { RatingStatistics } from "./ratings.ts";

/** The penalty b(s, a) = c · V(s, a) · √(log(|S||A|/δ) / N(s, a)). */
export interface LcbOptions {
  /**
   * c ≥ 0; 0 is greedy choice by mean ratings. The constant of the theorem was not available; √2 with
   * V the standard deviation makes b a confidence bound for Gaussian ratings by Hoeffding's and the
   * union bound.
   */
  readonly constant: number;
  /** V: the sub-Gaussian scale of the ratings, one for all pairs or one for each (S·A). */
  readonly scale: number | ArrayLike<number>;
  /** δ in (0, 1), the probability with which the bounds may fail. */
  readonly delta: number;
}

/** b(s, a) for each pair, `Infinity` where nothing was observed (0 if c = 0). Length S·A. */
export function lcbPenalties(counts: Float64Array, options: LcbOptions): Float64Array {
  const { constant, scale, delta } = options;
  const level = Math.log(counts.length / delta);
  return counts.map((count, i) => {
    const v = typeof scale === "number" ? scale : scale[i];
    if (constant === 0) return 0;
    return count === 0 ? Infinity : constant * v * Math.sqrt(level / count);
  });
}

/**
 * π̂(s) = argmax_a max(r̂(s, a) − b(s, a), 0). Arms that the clip at 0 makes equal are many at small N;
 * they are chosen among at random.
 */
export function lcbPolicy(
  instance: BanditInstance,
  { counts, means }: RatingStatistics,
  options: LcbOptions,
  ties: Stream,
): Policy {
  const arms = armsOf(instance);
  const penalties = lcbPenalties(counts, options);
  return Int32Array.from(instance.contexts, (_, s) =>
    chooseBest(arms, (a) => {
      const i = s * arms + a;
      return penalties[i] === Infinity ? 0 : Math.max(means[i] - penalties[i], 0);
    }, ties));
}

/**
 * The bound that pessimism gives without bias: where |r̂ − r| ≤ b for all pairs,
 * SubOpt(π̂) ≤ 2 E_ρ[b(s, π*(s))], with r(s, π*(s)) in place of 2b where that is smaller (the lower bound
 * is clipped at 0). It says nothing about biased ratings.
 */
export function lcbBound(
  instance: BanditInstance,
  { counts }: RatingStatistics,
  options: LcbOptions,
): number {
  const arms = armsOf(instance);
  const penalties = lcbPenalties(counts, options);
  const best = optimalPolicy(instance);
  return instance.contexts.reduce((sum, rho, s) => {
    const reward = instance.rewards[s][best[s]];
    return sum + rho * Math.min(2 * penalties[s * arms + best[s]], reward);
  }, 0);
}
