/**
 * The convex programmes of PANDA, LPD and AdaLDA as one family, with their dual bounds.
 *
 *     minimise    ‖β‖₁ + c τ²
 *     subject to  ‖Σ̂ β − μ̂‖_∞ ≤ a (τ + 1)
 *
 * where τ depends on the kind:
 *
 * - `fixed`: τ = 0. LPD, and the second stage of AdaLDA.
 * - `linear`: τ = ℓ′β with c = 0. The first stage of AdaLDA.
 * - `cone`: τ ≥ √(β′Σ̂β) is free and c > 0. PANDA (eq. 5).
 */

import { addTransposed, type Dense } from "../linear_algebra/dense.ts";

/** What τ is. */
export type Budget =
  | { readonly kind: "fixed" }
  | { readonly kind: "linear"; readonly weights: Float64Array }
  | { readonly kind: "cone"; readonly c: number };

/** One programme over p coordinates. */
export interface Programme {
  /** Σ̂, p × p, symmetric positive semidefinite. */
  readonly covariance: Dense;
  /** μ̂_d, p. */
  readonly target: Float64Array;
  /** a > 0: half-width of the slab at τ = 0. */
  readonly slack: number;
  readonly budget: Budget;
}

/** Primal and dual variables; p entries each. */
export interface Iterate {
  readonly beta: Float64Array;
  /** Multipliers of the slab: y_j > 0 where Σ̂β − μ̂ presses on its lower face. */
  readonly y: Float64Array;
  /** Multiplier of the cone, ≥ 0; 0 where there is no cone. */
  readonly kappa: number;
}

/** What an iterate proves about its programme. */
export interface Certificate {
  /** Value of a feasible point for `cone` (τ is raised until it is); else ‖β‖₁. */
  readonly objective: number;
  /** A rigorous lower bound of the optimum, from a feasible dual point. */
  readonly bound: number;
  /** (objective − bound) / max(objective, 10⁻¹²). */
  readonly gap: number;
  /** Largest violation of the slab over its half-width; 0 for `cone`. */
  readonly violation: number;
  /** The τ that makes β feasible. */
  readonly tau: number;
  /** Σ̂β − μ̂. */
  readonly residual: Float64Array;
  /** Left side of the dual constraint |·| ≤ 1, before y and κ are scaled to satisfy it. */
  readonly correlation: Float64Array;
}

/** The start of every path: β = 0 with zero multipliers. */
export function origin(p: number): Iterate {
  return { beta: new Float64Array(p), y: new Float64Array(p), kappa: 0 };
}

/**
 * Certifies an iterate by weak duality. The dual of `cone` is
 *
 *     maximise  μ̂′y − a‖y‖₁ − (a‖y‖₁ + κ)² / (4c)   over   ‖Σ̂y − κ Σ̂β/√(β′Σ̂β)‖_∞ ≤ 1, κ ≥ 0,
 *
 * for any fixed direction β; without the cone κ = 0 and the square is absent, and for `linear` the
 * constraint is ‖Σ̂y + a‖y‖₁ ℓ‖_∞ ≤ 1. Multipliers are shrunk by one factor to be feasible.
 */
export function certify(programme: Programme, { beta, y, kappa }: Iterate): Certificate {
  const { covariance, target, slack, budget } = programme;
  const p = target.length;
  const product = new Float64Array(p), correlation = new Float64Array(p);
  addTransposed(covariance, beta, product);
  addTransposed(covariance, y, correlation);
  let size = 0, quadratic = 0, largest = 0, ySize = 0, yTarget = 0;
  const residual = new Float64Array(p);
  for (let j = 0; j < p; j++) {
    residual[j] = product[j] - target[j];
    size += Math.abs(beta[j]);
    quadratic += beta[j] * product[j];
    largest = Math.max(largest, Math.abs(residual[j]));
    ySize += Math.abs(y[j]);
    yTarget += y[j] * target[j];
  }
  const norm = Math.sqrt(Math.max(quadratic, 0));
  const pull = norm > 0 ? kappa / norm : 0;
  let dualNorm = 0;
  for (let j = 0; j < p; j++) {
    if (pull > 0) correlation[j] -= pull * product[j];
    if (budget.kind === "linear") correlation[j] += slack * ySize * budget.weights[j];
    dualNorm = Math.max(dualNorm, Math.abs(correlation[j]));
  }
  const most = dualNorm > 1 ? 1 / dualNorm : 1;
  const gain = yTarget - slack * ySize;
  let objective: number, bound: number, tau = 0, violation = 0;
  if (budget.kind === "cone") {
    tau = Math.max(norm, largest / slack - 1);
    objective = size + budget.c * tau ** 2;
    const cost = (slack * ySize + kappa) ** 2 / (4 * budget.c);
    const scale = cost > 0 ? Math.min(most, Math.max(gain, 0) / (2 * cost)) : most;
    bound = scale * gain - scale ** 2 * cost;
  } else {
    if (budget.kind === "linear") {
      for (let j = 0; j < p; j++) tau += budget.weights[j] * beta[j];
    }
    objective = size;
    bound = Math.max(0, most * gain);
    const half = slack * (tau + 1);
    violation = half > 0 ? Math.max(0, largest / half - 1) : Infinity;
  }
  const gap = (objective - bound) / Math.max(objective, 1e-12);
  return { objective, bound, gap: Math.abs(gap), violation, tau, residual, correlation };
}
