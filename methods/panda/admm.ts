/**
 * ADMM with exact steps for the programmes of programme.ts.
 *
 * Three copies are split off: z1 = β (soft threshold), (z2, t2) = (Σ̂β, τ) on the slab, and for PANDA
 * (z3, t3) = (Σ̂^{1/2}β, τ) on the second-order cone. What remains is one linear system and, for
 * PANDA, one scalar: every step is exact, unlike the gradient steps of the paper's Algorithm 1.
 * Over-relaxed (Boyd et al. 2011, section 3.4.3), with ρ balanced between the residuals (3.4.1).
 */

import { addTransposed } from "../linear_algebra/dense.ts";
import type { Iterate, Programme } from "./programme.ts";
import { clipToSlab, projectOnCone, projectOnSlabCone, softThreshold } from "./projections.ts";
import { columnsOf, inner, type System } from "./system.ts";

/** Where to stop. */
export interface AdmmOptions {
  /** Largest residual, relative to the size of what it compares. */
  readonly tolerance: number;
  readonly maxSteps: number;
}

/** Result of a run over the system's coordinates, spread over all p. */
export interface AdmmResult extends Iterate {
  /** The penalty at the end: a good start for a similar problem. */
  readonly rho: number;
  readonly steps: number;
  readonly converged: boolean;
}

const RELAXATION = 1.6;
/** Steps between looks at the residuals. */
const LOOK = 10;
/** ρ changes by at most this factor at a look. */
const LARGEST_CHANGE = 4;

/** Runs ADMM from `start` (primal and dual) until the residuals are small or the steps are used up. */
export function admm(
  programme: Programme,
  system: System,
  start: Iterate & { readonly rho: number },
  { tolerance, maxSteps }: AdmmOptions,
): AdmmResult {
  const { budget, slack } = programme;
  const { columns, rows, weight } = system;
  const cone = budget.kind === "cone", linear = budget.kind === "linear";
  const centre = columnsOf(programme.target, rows);
  const s = system.buffers();
  let rho = start.rho;

  // Copies of the starting point, and scaled multipliers that satisfy stationarity exactly.
  const z1 = columnsOf(start.beta, columns);
  const product = new Float64Array(start.beta.length);
  addTransposed(programme.covariance, start.beta, product);
  const z2 = columnsOf(product, rows);
  const z3 = cone ? system.rootOf(z1) : new Float64Array(0);
  const norm = Math.sqrt(inner(z3, z3));
  const u2 = columnsOf(start.y, rows).map((y) => -y / rho);
  const pull = norm > 0 ? start.kappa / norm / rho : 0;
  const u3 = z3.map((z) => z * pull);
  const width = u2.reduce((sum, u) => sum + Math.abs(u), 0);
  let v2 = linear || cone ? -slack * width : 0;
  let v3 = cone ? -start.kappa / rho : 0;
  const u1 = firstMultiplier(programme, system, u2, u3, linear ? v2 : 0);
  let t2 = cone ? norm : linear ? inner(columnsOf(budget.weights, columns), z1) : 0;
  let t3 = t2;

  const p1 = new Float64Array(z1.length), p2 = new Float64Array(z2.length);
  const p3 = new Float64Array(z3.length);
  let steps = 0, converged = false;
  while (steps < maxSteps && !converged) {
    const look = ++steps % LOOK === 0;
    for (let i = 0; i < z1.length; i++) s.r1[i] = weight * (z1[i] - u1[i]);
    for (let i = 0; i < z2.length; i++) s.r2[i] = z2[i] - u2[i];
    for (let i = 0; i < z3.length; i++) s.r3[i] = z3[i] - u3[i];
    s.r4 = t2 - v2;
    system.step(s);
    const tau = cone ? rho * (t2 - v2 + t3 - v3) / (2 * budget.c + 2 * rho) : s.linear;
    if (look) {
      p1.set(z1);
      p2.set(z2);
      p3.set(z3);
    }
    const before2 = t2, before3 = t3;
    relax(z1, u1, s.beta);
    softThreshold(z1, 1 / (rho * weight));
    relax(z2, u2, s.product);
    if (cone || linear) {
      const aim = RELAXATION * tau + (1 - RELAXATION) * t2 + v2;
      t2 = projectOnSlabCone(z2, aim, centre, slack);
      v2 = aim - t2;
    } else {
      clipToSlab(z2, centre, slack);
    }
    if (cone) {
      relax(z3, u3, s.root);
      const aim = RELAXATION * tau + (1 - RELAXATION) * t3 + v3;
      t3 = projectOnCone(z3, aim);
      v3 = aim - t3;
    }
    settle(z1, u1);
    settle(z2, u2);
    settle(z3, u3);
    if (!look) continue;

    const size = Math.max(
      1e-12,
      weight * inner(s.beta, s.beta) + inner(s.product, s.product) + inner(s.root, s.root) +
        tau ** 2,
    );
    const multipliers = Math.max(
      1e-12,
      weight * inner(u1, u1) + inner(u2, u2) + inner(u3, u3) + v2 ** 2 + v3 ** 2,
    );
    let primal = weight * distance(z1, s.beta) + distance(z2, s.product) + distance(z3, s.root);
    let dual = weight * distance(z1, p1) + distance(z2, p2) + distance(z3, p3);
    if (cone || linear) {
      primal += (t2 - tau) ** 2;
      dual += (t2 - before2) ** 2;
    }
    if (cone) {
      primal += (t3 - tau) ** 2;
      dual += (t3 - before3) ** 2;
    }
    const primalError = Math.sqrt(primal / size), dualError = Math.sqrt(dual / multipliers);
    converged = Math.max(primalError, dualError) < tolerance;
    const ratio = Math.sqrt(primalError / Math.max(dualError, 1e-300));
    if (!converged && (ratio > 2 || ratio < 0.5)) {
      const factor = Math.min(LARGEST_CHANGE, Math.max(1 / LARGEST_CHANGE, ratio));
      rho *= factor;
      for (const u of [u1, u2, u3]) for (let i = 0; i < u.length; i++) u[i] /= factor;
      v2 /= factor;
      v3 /= factor;
    }
  }
  return {
    beta: spread(z1, columns, start.beta.length, 1),
    y: spread(u2, rows, start.beta.length, -rho),
    kappa: Math.sqrt(inner(u3, u3)) * rho,
    rho,
    steps,
    converged,
  };
}

/** ω u1 = −(K′u2 + S′u3 + ℓ v2): the β-step's optimality condition. */
function firstMultiplier(
  { covariance, budget }: Programme,
  system: System,
  u2: Float64Array,
  u3: Float64Array,
  v2: number,
): Float64Array {
  const all = new Float64Array(covariance.rows);
  addTransposed(covariance, spread(u2, system.rows, covariance.rows, 1), all);
  const out = columnsOf(all, system.columns);
  const root = system.rootTransposed(u3);
  const l = budget.kind === "linear" ? columnsOf(budget.weights, system.columns) : null;
  for (let i = 0; i < out.length; i++) {
    out[i] = -(out[i] + root[i] + (l === null ? 0 : l[i] * v2)) / system.weight;
  }
  return out;
}

/** Sets z and u to what the proximal step is applied to: the relaxed x, plus the multiplier. */
function relax(z: Float64Array, u: Float64Array, x: Float64Array): void {
  for (let i = 0; i < z.length; i++) {
    u[i] += RELAXATION * x[i] + (1 - RELAXATION) * z[i];
    z[i] = u[i];
  }
}

/** The new multiplier: what the proximal step took away. */
function settle(z: Float64Array, u: Float64Array): void {
  for (let i = 0; i < z.length; i++) u[i] -= z[i];
}

function distance(a: Float64Array, b: Float64Array): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += (a[i] - b[i]) ** 2;
  return s;
}

/** `factor · values` at `indices` of an array of length p. */
function spread(values: Float64Array, indices: Int32Array, p: number, factor: number) {
  const out = new Float64Array(p);
  for (let i = 0; i < values.length; i++) out[indices[i]] = factor * values[i];
  return out;
}
