// Clipping of a flat gradient by its global norm.

import { add, div, minimum, mul, sqrt, square, sum, type Tensor } from "../tensor/mod.ts";

/** Euclidean norm of a flat vector [N] → scalar. */
export function globalNorm(flat: Tensor): Tensor {
  return sqrt(sum(square(flat)));
}

/**
 * The factor min(1, max / (norm + 1e-6)) that {@link clipByGlobalNorm} multiplies by, as in
 * `torch.nn.utils.clip_grad_norm_`; scalar. Passed to `adamwStep` as `gradientScale` it saves a
 * pass over the gradient.
 */
export function clipFactor(flat: Tensor, max: number): Tensor {
  return minimum(div(max, add(globalNorm(flat), 1e-6)), 1);
}

/** `flat` [N] scaled down, if need be, to a Euclidean norm of at most `max`. */
export function clipByGlobalNorm(flat: Tensor, max: number): Tensor {
  return mul(flat, clipFactor(flat, max));
}
