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
  | { readonly kind: "saturation"; readonly k: number }
  | { readonly kind: "reversing" };

/** No bias: h̄(r) = r. */
export const UNBIASED: Transform = { kind: "saturation", k: 0 };

/** h̄(r), the mean rating of the true reward `r` in [0, 1]. */
export function meanRating(transform: Transform, r: number): number {
  if (transform.kind === "reversing") return 1 - r;
  const { k } = transform;
  return k === 0 ? r : Math.tanh(k * r) / Math.tanh(k);
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
