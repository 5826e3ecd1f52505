/**
 * The same estimate as an ONNX training program: projected accelerated gradient descent inside the
 * runtime, one program for thousands of data sets by `vmap`.
 */

import * as t from "../tensor/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ComparisonDesign } from "./comparisons.ts";

/** What {@link mleOf} returns for one data set. */
export interface MleTensors {
  /** θ̂ [d]. */
  readonly theta: Tensor;
  /** Length of the last gradient mapping, ‖L (θ − P(θ − ∇ℓ(θ)/L))‖ [] : 0 at the solution. */
  readonly residual: Tensor;
}

/** How the descent is run. */
export interface DescentOptions {
  /** B, the radius of Θ_B. */
  readonly ball: number;
  /** Gradient steps; all are taken. */
  readonly steps: number;
}

/**
 * The traced learner of one data set: from the pairs' differences X [m, d], comparisons N [m] and wins W
 * [m] to θ̂. FISTA (Beck and Teboulle, 2009) on the logistic loss over the ball, whose momentum starts
 * anew when it points uphill (O'Donoghue and Candès, 2015). The step is 1/L with L = ¼ ‖Σ_D‖_∞ ≥ λ_max of
 * the Hessian. The gradient is the compiler's own.
 */
export function mleOf(
  { ball, steps }: DescentOptions,
): (differences: Tensor, counts: Tensor, wins: Tensor) => MleTensors {
  return (x, counts, wins) => {
    const n = t.sum(counts);
    // A vector times a matrix: under vmap one product of matrices, the data sets being its rows.
    const across = t.matrixTranspose(x);
    const weight = t.div(counts, n), won = t.div(wins, n);
    const loss = (theta: Tensor) => {
      const z = t.matmul(theta, across);
      return t.sum(t.sub(t.mul(weight, t.softplus(z)), t.mul(won, z)));
    };
    const sigma = t.matmul(across, t.mul(x, t.expandDims(weight, 1)));
    const stepSize = t.div(4, t.max(t.sum(t.abs(sigma), 1)));
    const project = (theta: Tensor) =>
      t.mul(theta, t.minimum(1, t.div(ball, t.maximum(t.norm(theta), 1e-30))));
    const descend = (theta: Tensor) => project(t.sub(theta, t.mul(stepSize, t.grad(loss)(theta))));

    // Zeros and ones of the data's own element type.
    const start = t.mul(0, t.sum(x, 0));
    const one = t.div(n, n);
    const step = (
      { theta, ahead, momentum }: { theta: Tensor; ahead: Tensor; momentum: Tensor },
      _: Tensor,
    ) => {
      const next = descend(ahead);
      const moved = t.sub(next, theta);
      const uphill = t.greater(t.sum(t.mul(t.sub(ahead, next), moved)), 0);
      const kept = t.where(uphill, one, momentum);
      const grown = t.div(t.add(1, t.sqrt(t.add(1, t.mul(4, t.square(kept))))), 2);
      const push = t.div(t.sub(kept, 1), grown);
      return [
        { theta: next, ahead: t.add(next, t.mul(push, moved)), momentum: grown },
        [],
      ] as const;
    };
    const [{ theta }] = t.scan(step, { theta: start, ahead: start, momentum: one }, t.iota(steps));
    const residual = t.div(t.norm(t.sub(theta, descend(theta))), stepSize);
    return { theta, residual };
  };
}

/** Element type of the program. WebGPU knows no float64; there the estimate is good to about 1e-4 only. */
export type MleDType = "float32" | "float64";

/** {@link mleOf} over a batch: counts and wins [batch, m] to θ̂ [batch, d]; the differences are shared. */
export function compileMle(
  design: Pick<ComparisonDesign, "dimension" | "pairs">,
  batch: number,
  options: DescentOptions & { readonly dtype: MleDType },
) {
  const { dtype } = options;
  return t.compile(t.vmap(mleOf(options), { inAxes: [null, 0, 0] }), [
    { dtype, shape: [design.pairs, design.dimension] },
    { dtype, shape: [batch, design.pairs] },
    { dtype, shape: [batch, design.pairs] },
  ]);
}
