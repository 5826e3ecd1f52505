/** The exact solution that an approximate one points to: optimality conditions on its active sets. */

import { addTransposed, invert } from "../linear_algebra/dense.ts";
import type { Iterate, Programme } from "./programme.ts";
import { inner } from "./system.ts";

/** Active sets larger than this together are left to ADMM: the dense system would cost more. */
const LARGEST = 120;
const NEWTON_STEPS = 8;
/** With a multiplier below this share of 2cτ the cone counts as loose. */
const LOOSE = 1e-3;

/**
 * Solves the optimality conditions on A, where β ≠ 0 with signs s, and B, where y ≠ 0 with signs σ. ADMM
 * finds these sets soon and the last digits slowly.
 *
 * @returns null when the sets are empty, too large, or do not determine a solution. Whether the result
 *   is optimal is for `certify` to say.
 */
export function polish(programme: Programme, iterate: Iterate): Iterate | null {
  const columns = indicesOf(iterate.beta), rows = indicesOf(iterate.y);
  if (columns.length === 0 || rows.length === 0 || columns.length + rows.length > LARGEST) {
    return null;
  }
  const { budget } = programme;
  if (budget.kind !== "cone") return vertex(programme, iterate, columns, rows);
  const size = Math.sqrt(squareOf(programme, iterate.beta));
  return iterate.kappa < LOOSE * 2 * budget.c * size
    ? loosePoint(programme, iterate, columns, rows, budget.c)
    : conePoint(programme, iterate, columns, rows, budget.c);
}

/**
 * The vertex of an LP, which needs |A| = |B|:
 *
 *     (Σ̂_BA + a σ ℓ_A′) β_A = μ̂_B − a σ,    (Σ̂_BA + a σ ℓ_A′)′ y_B = s.
 */
function vertex(
  { covariance, target, slack, budget }: Programme,
  { beta, y }: Iterate,
  columns: readonly number[],
  rows: readonly number[],
): Iterate | null {
  if (columns.length !== rows.length) return null;
  const p = target.length;
  const sigma = rows.map((i) => Math.sign(y[i]));
  const inverse = invert(rows.map((i, k) =>
    Float64Array.from(columns, (j) => {
      const weight = budget.kind === "linear" ? budget.weights[j] : 0;
      return covariance.data[i * p + j] + slack * sigma[k] * weight;
    })
  ));
  if (inverse === null) return null;
  const exact = { beta: new Float64Array(p), y: new Float64Array(p), kappa: 0 };
  columns.forEach((j, c) => {
    const s = Math.sign(beta[j]);
    rows.forEach((i, r) => {
      exact.beta[j] += inverse[c][r] * (target[i] - slack * sigma[r]);
      exact.y[i] += inverse[c][r] * s;
    });
  });
  return exact;
}

/**
 * The point of PANDA with a loose cone, which a small c allows: τ > √(β′Σ̂β) only widens the slab.
 *
 *     Σ̂_AB y_B = s,    Σ̂_BA β_A + a τ σ = μ̂_B − a σ,    a σ′y_B = 2 c τ.
 */
function loosePoint(
  { covariance, target, slack }: Programme,
  { beta, y }: Iterate,
  columns: readonly number[],
  rows: readonly number[],
  c: number,
): Iterate | null {
  const p = target.length, n = columns.length, m = rows.length;
  const matrix = Array.from({ length: n + m + 1 }, () => new Float64Array(n + m + 1));
  const right = new Float64Array(n + m + 1);
  columns.forEach((j, l) => right[l] = Math.sign(beta[j]));
  rows.forEach((i, k) => {
    const width = slack * Math.sign(y[i]);
    columns.forEach((j, l) => {
      matrix[n + k][l] = matrix[l][n + k] = covariance.data[i * p + j];
    });
    matrix[n + k][n + m] = matrix[n + m][n + k] = width;
    right[n + k] = target[i] - width;
  });
  matrix[n + m][n + m] = -2 * c;
  const inverse = invert(matrix);
  if (inverse === null) return null;
  const x = inverse.map((line) => inner(line, right));
  const exact = { beta: new Float64Array(p), y: new Float64Array(p), kappa: 0 };
  columns.forEach((j, l) => exact.beta[j] = x[l]);
  rows.forEach((i, k) => exact.y[i] = x[n + k]);
  return exact;
}

/** β′Σ̂β. */
function squareOf({ covariance }: Programme, beta: Float64Array): number {
  const product = new Float64Array(beta.length);
  addTransposed(covariance, beta, product);
  return Math.max(0, inner(beta, product));
}

/**
 * The point of PANDA with a tight cone, by Newton's method on (β_A, y_B, τ, ν), ν = κ/τ:
 *
 *     Σ̂_AB y_B − ν Σ̂_AA β_A = s,          Σ̂_BA β_A + a τ σ = μ̂_B − a σ,
 *     a σ′y_B + ν τ = 2 c τ,                β_A′ Σ̂_AA β_A = τ².
 */
function conePoint(
  { covariance, target, slack }: Programme,
  start: Iterate,
  columns: readonly number[],
  rows: readonly number[],
  c: number,
): Iterate | null {
  const p = target.length, n = columns.length, m = rows.length, total = n + m + 2;
  const entry = (i: number, j: number) => covariance.data[i * p + j];
  const s = columns.map((j) => Math.sign(start.beta[j]));
  const sigma = rows.map((i) => Math.sign(start.y[i]));
  // β_A, y_B, τ, ν
  const x = new Float64Array(total);
  columns.forEach((j, k) => x[k] = start.beta[j]);
  rows.forEach((i, k) => x[n + k] = start.y[i]);
  const products = () => columns.map((i) => columns.reduce((t, j, k) => t + entry(i, j) * x[k], 0));
  x[n + m] = Math.sqrt(Math.max(0, products().reduce((t, v, k) => t + v * x[k], 0)));
  if (x[n + m] === 0) return null;
  x[n + m + 1] = start.kappa / x[n + m];
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const tau = x[n + m], nu = x[n + m + 1], product = products();
    const jacobian = Array.from({ length: total }, () => new Float64Array(total));
    const residual = new Float64Array(total);
    residual[n + m] = (nu - 2 * c) * tau;
    residual[n + m + 1] = -(tau ** 2) / 2;
    columns.forEach((j, k) => {
      residual[k] = -nu * product[k] - s[k];
      columns.forEach((i, l) => jacobian[k][l] = -nu * entry(j, i));
      jacobian[k][n + m + 1] = -product[k];
      jacobian[n + m + 1][k] = product[k];
      residual[n + m + 1] += product[k] * x[k] / 2;
    });
    rows.forEach((i, k) => {
      residual[n + k] = slack * sigma[k] * (tau + 1) - target[i];
      columns.forEach((j, l) => {
        const value = entry(i, j);
        jacobian[n + k][l] = jacobian[l][n + k] = value;
        residual[l] += value * x[n + k];
        residual[n + k] += value * x[l];
      });
      jacobian[n + k][n + m] = jacobian[n + m][n + k] = slack * sigma[k];
      residual[n + m] += slack * sigma[k] * x[n + k];
    });
    jacobian[n + m][n + m] = nu - 2 * c;
    jacobian[n + m][n + m + 1] = tau;
    jacobian[n + m + 1][n + m] = -tau;
    const inverse = invert(jacobian);
    if (inverse === null) return null;
    inverse.forEach((line, k) => x[k] -= inner(line, residual));
    if (!x.every(Number.isFinite)) return null;
  }
  if (!(x[n + m] > 0) || x[n + m + 1] < 0) return null;
  const exact = { beta: new Float64Array(p), y: new Float64Array(p) };
  columns.forEach((j, k) => exact.beta[j] = x[k]);
  rows.forEach((i, k) => exact.y[i] = x[n + k]);
  return { ...exact, kappa: x[n + m] * x[n + m + 1] };
}

function indicesOf(x: Float64Array): number[] {
  const out: number[] = [];
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) out.push(j);
  return out;
}
