/** The maximum-likelihood estimate in Θ_B = {‖θ‖ ≤ B} by Newton's method. */

import type { Comparisons } from "./comparisons.ts";
import { cholesky, solveCholesky } from "../linear_algebra/cholesky.ts";
import { square } from "../linear_algebra/dense.ts";
import { dot, norm } from "./vectors.ts";
import { type Differences, type LossDerivatives, lossDerivatives } from "./logistic_loss.ts";

/** What Newton's method found. */
export interface MleResult {
  /** θ̂, length d. */
  readonly theta: Float64Array;
  /** The multiplier of ‖θ‖ ≤ B: 0 inside the ball, positive on its boundary. */
  readonly multiplier: number;
  /** ‖∇ℓ(θ̂) + multiplier · θ̂‖, which is 0 at the solution. */
  readonly residual: number;
  /** Newton steps, over all multipliers tried. */
  readonly steps: number;
}

/** A step this short is the last: Newton's method squares the error. Gradients tell less on flat losses. */
const LAST_STEP = 1e-8;
/** Added to the Hessian of a step: a direction without data has curvature and gradient 0, and stays 0. */
const CURVATURE_FLOOR = 1e-12;

/**
 * θ̂ = argmin ℓ(θ) over ‖θ‖ ≤ `ball`. Without the ball an estimate need not exist: with few comparisons one
 * arm often wins all of its own. On the boundary θ̂ minimises ℓ + (μ/2)‖θ‖² for the one μ > 0 at which
 * ‖θ(μ)‖ = B; it is found by bracketing log μ. Directions that no comparison informs stay at 0, where the
 * method starts.
 *
 * @throws RangeError without comparisons, or when B is not positive.
 */
export function newtonMle(
  design: Differences,
  data: Comparisons,
  ball: number,
): MleResult {
  if (!(ball > 0)) throw new RangeError(`newtonMle: the ball's radius is ${ball}`);
  let theta: Float64Array = new Float64Array(design.dimension);
  let steps = 0;
  const solve = (mu: number) => {
    const result = minimise(design, data, theta, mu);
    theta = result.theta;
    steps += result.steps;
    return result.residual;
  };
  const finish = (multiplier: number, residual: number) => ({ theta, multiplier, residual, steps });

  // At the solution μ‖θ‖ = ‖∇ℓ(θ)‖ ≤ ‖∇ℓ(0)‖, so this μ is too large or just right.
  const largest = norm(lossDerivatives(design, data, theta).gradient) / ball;
  if (largest === 0) return finish(0, 0);
  let low = Math.log(largest) + Math.log(1e-10), high = Math.log(largest);
  let lowExcess = (solve(Math.exp(low)), Math.log(norm(theta) / ball));
  // With a penalty this small the norm is within the ball only when the free minimum is.
  if (lowExcess <= 0) {
    const residual = solve(0);
    if (norm(theta) <= ball) return finish(0, residual);
  }
  let highExcess = (solve(Math.exp(high)), Math.log(norm(theta) / ball));
  // Illinois: false position that halves the weight of an end that stays.
  let middle = high, residual = 0;
  for (let i = 0, side = 0; i < 200; i++) {
    middle = highExcess === lowExcess
      ? (low + high) / 2
      : (low * highExcess - high * lowExcess) / (highExcess - lowExcess);
    residual = solve(Math.exp(middle));
    const excess = Math.log(norm(theta) / ball);
    if (Math.abs(excess) < 1e-13 || high - low < 1e-14) break;
    if (excess > 0) {
      [low, lowExcess] = [middle, excess];
      if (side === 1) highExcess /= 2;
      side = 1;
    } else {
      [high, highExcess] = [middle, excess];
      if (side === -1) lowExcess /= 2;
      side = -1;
    }
  }
  return finish(Math.exp(middle), residual);
}

/** Minimises ℓ + (μ/2)‖θ‖² from `start` by Newton steps that are halved until the loss falls. */
function minimise(
  design: Differences,
  data: Comparisons,
  start: Float64Array,
  mu: number,
): { readonly theta: Float64Array; readonly residual: number; readonly steps: number } {
  let theta = start;
  let here = lossDerivatives(design, data, theta, mu);
  for (let steps = 1;; steps++) {
    const step = newtonStep(here, design.dimension);
    const length = norm(step);
    const slope = dot(here.gradient, step);
    let scale = 1;
    let next: Float64Array, there: LossDerivatives;
    for (;;) {
      next = theta.map((t, j) => t - scale * step[j]);
      there = lossDerivatives(design, data, next, mu);
      const falls = there.value <= here.value - 1e-4 * scale * slope;
      // Near the minimum the loss falls by less than its rounding error, and a full step is right.
      if (falls || length < 1e-4 || scale < 1e-9) break;
      scale /= 2;
    }
    [theta, here] = [next, there];
    if (length <= LAST_STEP * (1 + norm(theta)) || steps === 100) {
      return { theta, residual: norm(here.gradient), steps };
    }
  }
}

function newtonStep({ gradient, hessian }: LossDerivatives, d: number): Float64Array {
  const regular = Float64Array.from(hessian);
  for (let j = 0; j < d; j++) regular[j * d + j] += CURVATURE_FLOOR;
  return solveCholesky(cholesky(square(regular, d)), gradient);
}
