// What the moments of Adam are divided by while they are young.

import { div, mul, sub, tanh, type Tensor } from "../tensor/mod.ts";

/**
 * 1 − βᵗ = −expm1(t ln β), by way of expm1(x) = 2 tanh(x/2)/(1 − tanh(x/2)): βᵗ itself would lose up
 * to four digits in float32, and float64 is not to be had on every provider.
 *
 * @param t steps taken, at least 1.
 */
export function biasCorrection(beta: number, t: Tensor): Tensor {
  const half = tanh(mul(t, Math.log(beta) / 2));
  return div(mul(half, -2), sub(1, half));
}
