/** Logged ratings of one data set, as the counts and means that learning from them needs. */

import type { Stream } from "../tensor/random.ts";
import { multinomial } from "./binomial.ts";
import { armsOf, type BanditInstance } from "./instance.ts";
import { meanRating, ratingDeviation, type RatingNoise, type Transform } from "./transform.ts";

/** Sufficient statistics of n ratings; entry s·A + a belongs to arm a of context s. */
export interface RatingStatistics {
  /** N(s, a), how often the pair was rated. */
  readonly counts: Float64Array;
  /** r̂(s, a), the mean of its ratings; 0 where N = 0. */
  readonly means: Float64Array;
}

/** Draws {@link RatingStatistics} of an instance. */
export interface RatingSampler {
  /** Statistics of `n` ratings. Draws S·A normal numbers whatever the counts are. */
  draw(stream: Stream, n: number): RatingStatistics;
}

/**
 * Ratings r̃ = h̄(r(s, a)) + σ(r(s, a)) ε with s ~ ρ, a ~ d(· | s) and standard normal ε.
 *
 * Given the counts, the mean of N ratings is exactly N(h̄, σ²/N), so means are drawn instead of single
 * ratings: the same distribution at a cost that does not grow with n.
 */
export function ratingSampler(
  instance: BanditInstance,
  transform: Transform,
  noise: RatingNoise,
): RatingSampler {
  const arms = armsOf(instance);
  const rewards = instance.rewards.flat();
  const shares = instance.logging.flatMap((row, s) => row.map((d) => d * instance.contexts[s]));
  const centres = rewards.map((r) => meanRating(transform, r));
  const deviations = rewards.map((r) => ratingDeviation(noise, r));
  return {
    draw(stream, n) {
      const counts = multinomial(stream, n, shares);
      const means = new Float64Array(instance.contexts.length * arms);
      for (let i = 0; i < means.length; i++) {
        const z = stream.nextNormal();
        if (counts[i] > 0) means[i] = centres[i] + deviations[i] * z / Math.sqrt(counts[i]);
      }
      return { counts, means };
    },
  };
}
