/** The five simulation models of section 5.1: two normal populations with equal covariance. */

import type { Stream } from "../tensor/random.ts";
import {
  type Dense,
  inverse,
  multiply,
  semidefiniteFactor,
  zeros,
} from "../linear_algebra/dense.ts";
import { eigenSymmetric } from "../linear_algebra/eigen.ts";

/** N(0, Σ) and N(μ_d, Σ) with μ_d = Σβ*, and what sampling needs. */
export interface Population {
  /** Σ, p × p. */
  readonly covariance: Dense;
  /** β* = Σ⁻¹μ_d, p. */
  readonly beta: Float64Array;
  /** μ_d = μ₁ − μ₀, p; μ₀ = 0, on which no method depends. */
  readonly difference: Float64Array;
  /** Δ = √(β*′Σβ*). */
  readonly delta: number;
  /** Lower triangular L with L L′ = Σ. */
  readonly factor: Dense;
}

/**
 * Names of the models.
 *
 * - `ar1` (a): the precision matrix is 0.9^|j−k|; β* = 2/√s on the first s.
 * - `varying_diagonal` (b): Σ as printed; β* = 1/√s. `varying_diagonal_sum` adds 0.9^|j−k| to the
 *   diagonal matrix (Δ of figure 3), `varying_diagonal_only` leaves the off-diagonal entries out (risks
 *   of table 3): the printed Σ agrees with neither.
 * - `erdos_renyi` (c) and `block_sparse` (d): random sparse precision matrices; norm of β* 1.
 * - `approximately_sparse` (e): Σ is 0.9^|j−k|; β*_j = 0.75^j.
 * - `identity`: Σ = I, β* = 1/√s; not in the paper.
 */
export const MODELS = [
  "ar1",
  "varying_diagonal",
  "varying_diagonal_sum",
  "varying_diagonal_only",
  "erdos_renyi",
  "block_sparse",
  "approximately_sparse",
  "identity",
] as const;
export type ModelName = typeof MODELS[number];

/** One population of a model. */
export interface PopulationChoice {
  readonly model: ModelName;
  /** Dimension p ≥ 10. */
  readonly p: number;
  /** Nonzero coordinates of β*; not used by `approximately_sparse`. */
  readonly s: number;
  /** β* is multiplied by it (η of the sensitivity study). @default 1 */
  readonly scale?: number;
}

/**
 * Builds a population.
 * @param random Draws the random parts of b, c and d.
 * @throws RangeError for s > p.
 */
export function populationOf(choice: PopulationChoice, random: Stream): Population {
  const { model, p, s, scale = 1 } = choice;
  if (s > p) throw new RangeError(`populationOf: s = ${s} exceeds p = ${p}`);
  const covariance = covarianceOf(model, p, random);
  const beta = new Float64Array(p);
  if (model === "approximately_sparse") {
    for (let j = 0; j < p; j++) beta[j] = scale * 0.75 ** (j + 1);
  } else {
    beta.fill(scale * (model === "ar1" ? 2 : 1) / Math.sqrt(s), 0, s);
  }
  const difference = new Float64Array(p);
  multiply(covariance, beta, difference);
  let square = 0;
  for (let j = 0; j < p; j++) square += beta[j] * difference[j];
  return {
    covariance,
    beta,
    difference,
    delta: Math.sqrt(square),
    factor: semidefiniteFactor(covariance),
  };
}

/** `count` draws from each class, one in each row. */
export function sample(
  { factor, difference }: Population,
  count: number,
  random: Stream,
): { readonly x0: Dense; readonly x1: Dense } {
  const p = difference.length;
  const draw = (shift: boolean) => {
    const x = zeros(count, p), noise = new Float64Array(p);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < p; j++) noise[j] = random.nextNormal();
      const row = x.data.subarray(i * p, (i + 1) * p);
      multiply(factor, noise, row);
      if (shift) { for (let j = 0; j < p; j++) row[j] += difference[j]; }
    }
    return x;
  };
  return { x0: draw(false), x1: draw(true) };
}

function covarianceOf(model: ModelName, p: number, random: Stream): Dense {
  switch (model) {
    case "ar1":
      return inverse(fill(p, (j, k) => 0.9 ** Math.abs(j - k)));
    case "approximately_sparse":
      return fill(p, (j, k) => 0.9 ** Math.abs(j - k));
    case "identity":
      return fill(p, (j, k) => j === k ? 1 : 0);
    case "varying_diagonal":
    case "varying_diagonal_sum":
    case "varying_diagonal_only": {
      // "Σ_jj = 11" and "AR(1) plus a diagonal matrix of 11" differ by the 1 of the AR part.
      const first = model === "varying_diagonal_sum" ? 12 : 11;
      const correlation = model === "varying_diagonal_only" ? 0 : 0.9;
      const uniform = random.uniform([p], { dtype: "float64" }).data as Float64Array;
      return fill(
        p,
        (j, k) => j !== k ? correlation ** Math.abs(j - k) : j < 5 ? first : 1 + uniform[j],
      );
    }
    case "erdos_renyi":
      return erdosRenyi(p, random);
    case "block_sparse":
      return blockSparse(p, random);
  }
}

/** Model c: 20 % of the entries are ±U(½, 1); made positive definite and scaled to unit diagonal. */
function erdosRenyi(p: number, random: Stream): Dense {
  const raw = fill(p, () => {
    const present = random.nextUniform() < 0.2, size = 0.5 + random.nextUniform() / 2;
    const sign = random.nextUniform() < 0.5 ? 1 : -1;
    return present ? sign * size : 0;
  });
  const half = fill(p, (j, k) => (raw.data[j * p + k] + raw.data[k * p + j]) / 2);
  const shift = positiveShift(half);
  const scale = Float64Array.from(
    { length: p },
    (_, j) => 1 / Math.sqrt(half.data[j * p + j] + shift),
  );
  return inverse(
    fill(p, (j, k) => scale[j] * scale[k] * (half.data[j * p + k] + (j === k ? shift : 0))),
  );
}

/** Model d: a random block and a full block of tens, made positive definite. */
function blockSparse(p: number, random: Stream): Dense {
  const b = zeros(p, p);
  for (let j = 0; j < p; j++) {
    b.data[j * p + j] = 1;
    for (let k = j + 1; k < p; k++) {
      const value = j >= p / 2 || random.nextUniform() < 0.5 ? 10 : 0;
      b.data[j * p + k] = b.data[k * p + j] = value;
    }
  }
  const w = positiveShift(b);
  return inverse(fill(p, (j, k) => (b.data[j * p + k] + (j === k ? w : 0)) / (1 + w)));
}

/** max(−smallest eigenvalue, 0) + 0.05. */
function positiveShift(a: Dense): number {
  return Math.max(-eigenSymmetric(a).values[0], 0) + 0.05;
}

function fill(p: number, entry: (j: number, k: number) => number): Dense {
  const out = zeros(p, p);
  for (let j = 0; j < p; j++) for (let k = 0; k < p; k++) out.data[j * p + k] = entry(j, k);
  return out;
}
