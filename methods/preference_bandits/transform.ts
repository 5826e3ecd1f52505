/** How humans turn a true reward into a rating: the mean transform h̄ and the noise around it. */

/**
 * The mean transform h̄ on rewards in [0, 1].
 *
 * - `saturation` k ≥ 0: h̄(r) = tanh(k r) / tanh(k), increasing, h̄(0) = 0 and h̄(1) = 1; k = 0 is the
 *   identity (no bias). It keeps the order of rewards (the paper's Condition 1, as its abstract and
 *   reviews describe it) while it compresses the top of the scale.
 * - `reversing`: h̄(r) = 1 − r breaks that condition; it is a control.
 */
export type Transform =
  | Saturation
  | { readonly kind: "reversing" };

/** See {@link Transform}. */
export interface Saturation {
  readonly kind: "saturation";
  readonly k: number;
}

/** No bias: h̄(r) = r. */
export const UNBIASED: Transform = { kind: "saturation", k: 0 };

/** h̄(r), the mean rating of the true reward `r` in [0, 1]. */
export function meanRating(transform: Transform, r: number): number {
  if (transform.kind === "reversing") return 1 - r;
  const { k } = transform;
  return k === 0 ? r : Math.tanh(k * r) / Math.tanh(k);
}

/**
 * The saturation k at which h̄ leaves `seenGap` of the difference between two rewards, by bisection.
 *
 * @param rewards in (0, 1], the larger first.
 * @throws RangeError unless 0 < `seenGap` ≤ the difference: saturation only compresses the top of the scale,
 *   and what is left of a difference below 1e-12 has no precise k.
 */
export function saturationOf(rewards: readonly [number, number], seenGap: number): Saturation {
  const gapAt = (k: number) => {
    const [high, low] = rewards.map((r) => meanRating({ kind: "saturation", k }, r));
    return high - low;
  };
  let low = 0, high = 64;
  if (!(seenGap >= 1e-12 && seenGap <= gapAt(0) && gapAt(high) <= seenGap)) {
    throw new RangeError(`no saturation leaves ${seenGap} of ${rewards[0]} − ${rewards[1]}`);
  }
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (gapAt(middle) > seenGap) low = middle;
    else high = middle;
  }
  return { kind: "saturation", k: high };
}

/**
 * Standard deviation of a rating's Gaussian noise as a function of the true reward:
 * σ(r) = `sigma` · r^`exponent`. `exponent` 0 is noise that does not depend on the reward; a positive
 * one makes good arms noisier (the polynomial growth that the paper allows, by our memory of it).
 */
export interface RatingNoise {
  /** Standard deviation at reward 1, > 0. */
  readonly sigma: number;
  /** q ≥ 0. */
  readonly exponent: number;
}

/** σ(r) of {@link RatingNoise}; r > 0. */
export function ratingDeviation({ sigma, exponent }: RatingNoise, r: number): number {
  return sigma * r ** exponent;
}
