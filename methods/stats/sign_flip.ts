/** Sign-flip permutation test: are paired differences symmetric about zero? */

import type { Alternative } from "./alternative.ts";
import { drawUint32 } from "./counter_random.ts";
import { mean, requireSample } from "./summary.ts";

export interface SignFlipOptions {
  /** @default "two-sided" */
  readonly alternative?: Alternative;
  /** Samples up to this size are enumerated: 2^n sign patterns. @default 20 */
  readonly exactUpTo?: number;
  /** Sign patterns drawn for larger samples. @default 100_000 */
  readonly draws?: number;
  /** Seed of the draws. @default 0 */
  readonly seed?: number;
}

export interface SignFlipResult {
  /** Mean difference. */
  readonly statistic: number;
  /** In (0, 1]. */
  readonly p: number;
  /** True when all sign patterns were enumerated. */
  readonly exact: boolean;
  /** Sign patterns looked at. */
  readonly patterns: number;
}

/**
 * Tests whether the mean of `differences` is zero by flipping signs: under the null hypothesis that
 * each pair's members are exchangeable, all 2^n sign patterns are equally likely. The p value is the
 * share of patterns whose mean is at least as extreme as the observed one. Beyond `exactUpTo` values
 * patterns are drawn, and the observed one counts as one of them ("add one"), so p is never 0.
 *
 * @throws RangeError when `differences` is empty or holds a value that is not finite.
 * Source: Fisher, The Design of Experiments (1935), section 21; add-one rule: Phipson and Smyth (2010).
 */
export function signFlipTest(
  differences: readonly number[],
  options: SignFlipOptions = {},
): SignFlipResult {
  requireSample(differences, 1, "signFlipTest");
  const { alternative = "two-sided", exactUpTo = 20, draws = 100_000, seed = 0 } = options;
  const n = differences.length;
  let observed = 0;
  let scale = 0;
  for (const d of differences) {
    observed += d;
    scale += Math.abs(d);
  }
  // Sums in another order differ by rounding; ties must count as ties.
  const tolerance = 1e-12 * scale;
  const extreme = (sum: number) =>
    alternative === "less"
      ? sum <= observed + tolerance
      : alternative === "greater"
      ? sum >= observed - tolerance
      : Math.abs(sum) >= Math.abs(observed) - tolerance;
  const exact = n <= exactUpTo;
  const sums = exact ? allSums(differences) : drawnSums(differences, draws, seed);
  let count = 0;
  for (const sum of sums) if (extreme(sum)) count++;
  return {
    statistic: mean(differences),
    p: exact ? count / sums.length : (count + 1) / (sums.length + 1),
    exact,
    patterns: sums.length,
  };
}

/** The 2^n sums ±d₁ ± d₂ … ± dₙ. */
function allSums(differences: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** differences.length);
  let filled = 1;
  for (const d of differences) {
    for (let i = 0; i < filled; i++) {
      sums[filled + i] = sums[i] - d;
      sums[i] += d;
    }
    filled *= 2;
  }
  return sums;
}

function drawnSums(differences: readonly number[], draws: number, seed: number): Float64Array {
  const words = Math.ceil(differences.length / 32);
  return Float64Array.from({ length: draws }, (_, draw) => {
    let sum = 0;
    for (let word = 0; word < words; word++) {
      const bits = drawUint32(seed, draw * words + word);
      const end = Math.min(differences.length, 32 * (word + 1));
      for (let i = 32 * word; i < end; i++) {
        sum += (bits >>> (i & 31)) & 1 ? differences[i] : -differences[i];
      }
    }
    return sum;
  });
}
