/** Logged comparisons of one data set, counted by pair of arms, and the linear model behind them. */

import type { Stream } from "../tensor/random.ts";
import { binomial, multinomial } from "./binomial.ts";
import type { LinearInstance } from "./linear_instance.ts";
import { meanRating, type Transform } from "./transform.ts";

/** Which pairs are compared how often, and who wins: everything about a data set but its size. */
export interface ComparisonDesign {
  /** Features d. */
  readonly dimension: number;
  /** Distinct pairs m. */
  readonly pairs: number;
  /** X, m × d row-major: row i is φ(s, a¹) − φ(s, a⁰) of pair i. */
  readonly differences: Float64Array;
  /** Probability that a comparison is of pair i; sums to 1. Length m. */
  readonly shares: Float64Array;
  /** P(a¹ preferred) of pair i. Length m. */
  readonly wins: Float64Array;
}

/** One data set: comparisons of each pair and how often its a¹ won. Both of length m. */
export interface Comparisons {
  readonly counts: Float64Array;
  readonly wins: Float64Array;
}

/** A compared pair: a¹ against a⁰ in context s. */
export interface ComparedPair {
  readonly context: number;
  readonly first: number;
  readonly second: number;
  /** Probability of the pair among all comparisons. */
  readonly share: number;
}

/** σ(x) = 1/(1 + e^−x), without overflow. */
export function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/**
 * The Bradley–Terry–Luce design over `pairs`: a¹ is preferred with probability
 * σ(h̄(r(s, a¹)) − h̄(r(s, a⁰))). The identity transform is the unbiased model (the paper's section 5.1),
 * any other one the same bias as that of ratings (section 5.2).
 *
 * @param informative `false` makes every comparison a fair coin: a control in which nothing can be
 *   learned. @default true
 */
export function comparisonDesign(
  instance: LinearInstance,
  pairs: readonly ComparedPair[],
  transform: Transform,
  { informative = true }: { readonly informative?: boolean } = {},
): ComparisonDesign {
  const d = instance.dimension;
  const differences = new Float64Array(pairs.length * d);
  const wins = new Float64Array(pairs.length);
  pairs.forEach(({ context: s, first, second }, i) => {
    const one = instance.features[s][first], zero = instance.features[s][second];
    for (let j = 0; j < d; j++) differences[i * d + j] = one[j] - zero[j];
    const [high, low] = [first, second].map((a) => meanRating(transform, instance.rewards[s][a]));
    wins[i] = informative ? logistic(high - low) : 0.5;
  });
  const shares = Float64Array.from(pairs, (p) => p.share);
  return { dimension: d, pairs: pairs.length, differences, shares, wins };
}

/** All pairs of arms in all contexts, each as likely as its context: a¹ is the later arm. */
export function allPairs({ contexts, rewards }: LinearInstance): ComparedPair[] {
  return contexts.flatMap((rho, context) => {
    const arms = rewards[context].length;
    const share = rho * 2 / (arms * (arms - 1));
    return Array.from({ length: arms }, (_, first) => first).flatMap((first) =>
      Array.from({ length: first }, (_, second) => ({ context, first, second, share }))
    );
  });
}

/** `n` comparisons: pairs are drawn by their shares, winners by their probabilities. */
export function drawComparisons(
  { shares, wins }: ComparisonDesign,
  stream: Stream,
  n: number,
): Comparisons {
  const counts = multinomial(stream, n, shares);
  return { counts, wins: counts.map((count, i) => binomial(stream, count, wins[i])) };
}
