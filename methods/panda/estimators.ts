/** PANDA, LPD and AdaLDA over a grid of λ̃, in the units of the paper: λ = λ̃ √(log p / n). */

import { admm } from "./admm.ts";
import { dot } from "../linear_algebra/dense.ts";
import type { Eigen } from "../linear_algebra/eigen.ts";
import { lpdPath } from "./lpd_path.ts";
import type { Moments } from "./moments.ts";
import { certify, type Iterate, origin, type Programme } from "./programme.ts";
import { type Solution, solve, type SolveOptions } from "./solve.ts";
import { spectrumOf } from "./spectrum.ts";
import { SpectralSystem } from "./system.ts";

/** The estimate at one λ̃. */
export interface Estimate {
  readonly lambda: number;
  /** β̂, p. */
  readonly beta: Float64Array;
  /** Relative duality gap that was proven; exact solutions have 0. */
  readonly gap: number;
}

/** The paper's grid, λ̃ = 0.1, 0.2, …, 8.0, from the largest down: paths are followed that way. */
export const PAPER_GRID: readonly number[] = Array.from({ length: 80 }, (_, i) => (80 - i) / 10);

/** The penalty that the paper's experiments use throughout. */
export const PAPER_C = 20;

/**
 * Programme (5) at λ = λ̃ √(log p / n), for σ̂_max β instead of β: dividing the data by σ̂_max leaves τ as it
 * is and multiplies c by σ̂_max.
 */
export function pandaProgramme(moments: Moments, lambda: number, c: number): Programme {
  const { covariance, rate, sigmaMax } = moments;
  return {
    covariance,
    target: targetOf(moments),
    slack: lambda * rate,
    budget: { kind: "cone", c: c * sigmaMax },
  };
}

/** μ̂_d in units of σ̂_max. */
function targetOf({ difference, sigmaMax }: Moments): Float64Array {
  return difference.map((d) => d / sigmaMax);
}

/** β from σ̂_max β. */
function unscale(scaled: Float64Array, { sigmaMax }: Moments): Float64Array {
  return scaled.map((b) => b / sigmaMax);
}

/**
 * PANDA along `grid` (descending), each solution started from the one before.
 * @yields In the order of the grid, when asked for: a consumer may stop early.
 */
export function* panda(
  moments: Moments,
  grid: readonly number[],
  c = PAPER_C,
  options: SolveOptions = {},
): Generator<Estimate & { readonly tau: number }> {
  let current: Iterate & { readonly rho?: number } = origin(moments.difference.length);
  for (const lambda of grid) {
    const solution = solve(pandaProgramme(moments, lambda, c), current, options);
    current = solution;
    const { tau, gap } = solution.certificate;
    yield { lambda, beta: unscale(solution.beta, moments), tau, gap };
  }
}

/**
 * PANDA along `grid` (descending) with n ≪ p: ADMM over all coordinates by the thin spectrum, a fixed
 * effort for each λ̃.
 *
 * With fewer observations than coordinates, many sparse β give nearly the same Σ̂β. Working sets then
 * grow to thousands, where a thin step costs only 4 × rank × p products; and the last digits of β, which
 * come slowly, change neither τ nor the classification.
 */
export function* pandaThin(
  moments: Moments,
  grid: readonly number[],
  c = PAPER_C,
  options: { readonly tolerance?: number; readonly maxSteps?: number } = {},
): Generator<Estimate & { readonly tau: number }> {
  const { tolerance = 1e-4, maxSteps = 500 } = options;
  const spectrum = spectrumOf(moments);
  let current: Iterate & { readonly rho?: number } = origin(moments.difference.length);
  for (const lambda of grid) {
    const programme = pandaProgramme(moments, lambda, c);
    const solved = certify(programme, current).gap === 0;
    if (!solved) current = solveFull(programme, spectrum, current, { tolerance, maxSteps });
    const { tau, gap } = certify(programme, current);
    yield { lambda, beta: unscale(current.beta, moments), tau, gap };
  }
}

/** LPD along `grid` (descending): bound λ σ̂_max. Ends where no β satisfies it, which a singular Σ̂ allows. */
export function* lpd(moments: Moments, grid: readonly number[]): Generator<Estimate> {
  const { covariance, rate } = moments;
  let at = 0;
  for (const beta of lpdPath(covariance, targetOf(moments), grid.map((l) => l * rate))) {
    yield { lambda: grid[at++], beta: unscale(beta, moments), gap: 0 };
  }
}

/** What the paper's text and the numbers of its tables leave open about AdaLDA. */
export interface AdaLdaOptions {
  /**
   * Multiplies σ̂_max √(log p / n). The paper prints 4; with 4 the programme is stricter than LPD at
   * λ̃ = 4 whatever λ is, and the errors of table 2 are out of reach. The baseline's authors use 1.
   */
  readonly factor: number;
  /** λ is λ̃ itself, or λ̃ √(log p / n) as for the other methods. */
  readonly unit: "plain" | "rate";
}

/**
 * AdaLDA along `grid` (descending), in two LPs each: the first estimates Δ̂² = |β̃′μ̂_d| under the bound
 * `f (λ β′μ̂_d + 1)`, the second is LPD with the bound `f √(λ Δ̂² + 1)`, f = factor · σ̂_max √(log p / n).
 */
export function* adaLda(
  moments: Moments,
  grid: readonly number[],
  { factor, unit }: AdaLdaOptions,
  options: SolveOptions = {},
): Generator<Estimate> {
  const { covariance, rate } = moments;
  const target = targetOf(moments);
  const slack = factor * rate;
  const bounds: number[] = [];
  let current: Iterate & { readonly rho?: number } = origin(target.length);
  // Small λ first: the first programme is then LPD with the bound f, which has a close neighbour.
  for (const tilde of [...grid].reverse()) {
    const lambda = unit === "plain" ? tilde : tilde * rate;
    const stage1: Programme = {
      covariance,
      target,
      slack,
      budget: { kind: "linear", weights: target.map((d) => lambda * d) },
    };
    current = solve(stage1, current, options);
    const gain = Math.abs(dot(current.beta, 0, target, 0, target.length));
    bounds.push(slack * Math.sqrt(lambda * gain + 1));
  }
  bounds.reverse();
  // λΔ̂² need not rise with λ to the last digit, and the path wants descending bounds.
  const order = [...bounds.keys()].sort((i, j) => bounds[j] - bounds[i]);
  const found = new Array<Float64Array | undefined>(bounds.length);
  let at = 0;
  for (const beta of lpdPath(covariance, target, order.map((i) => bounds[i]))) {
    found[order[at++]] = beta;
  }
  for (const [i, lambda] of grid.entries()) {
    if (found[i] === undefined) return;
    yield { lambda, beta: unscale(found[i], moments), gap: 0 };
  }
}

/**
 * The c and λ̃ of Theorem 1 (eq. 7), which need no oracle: c = 1 / (8 (‖μ̂_d‖_∞ + 4 σ̂_max √(log p / n))),
 * λ = 20 √(log p / n).
 */
export function theoryParameters(
  { difference, rate, sigmaMax }: Moments,
): { readonly c: number; readonly lambda: number } {
  const largest = difference.reduce((m, d) => Math.max(m, Math.abs(d)), 0);
  return { c: 1 / (8 * (largest + 4 * sigmaMax * rate)), lambda: 20 };
}

/**
 * One programme by ADMM over all coordinates at once: the reference that `solve`, which works on a
 * part of them, is measured and tested against. `spectrum` is that of the programme's covariance.
 */
export function solveFull(
  programme: Programme,
  spectrum: Eigen,
  start: Iterate & { readonly rho?: number },
  { tolerance = 1e-6, maxSteps = 20_000 }: {
    readonly tolerance?: number;
    readonly maxSteps?: number;
  } = {},
): Solution {
  const system = new SpectralSystem(spectrum, programme.target.length, programme.budget, 1);
  const result = admm(programme, system, { rho: 1, ...start }, { tolerance, maxSteps });
  return { ...result, certificate: certify(programme, result), rounds: 1 };
}
