// The effective Minkowski dimension of a sample, by counting the cells of a grid that hold it.

import type { NdArray } from "../tensor/mod.ts";

/** What {@linkcode countCells} counts. */
export interface CountOptions {
  /** ε, in (0, 1): the scale of the theory's cells. */
  readonly epsilon: number;
  /** τ, the share of the sample that may be left out of the cover, in [0, 1). @default 0.1 */
  readonly omitted?: number;
}

/** A count of cells and the dimensions that it gives, log N / log(1/ε). */
export interface CellCount {
  /** Cells that hold a point. */
  readonly occupied: number;
  /** The fewest cells that hold a share 1 − τ of the sample. */
  readonly cover: number;
  /** exp H with H the entropy of a point's cell: the sample concentrates on about so many cells. */
  readonly typical: number;
  /** log of `typical` over log(1/ε). */
  readonly dimension: number;
  /** log of `cover` over log(1/ε): p(ε, τ). */
  readonly coverDimension: number;
}

/**
 * √(2πe): a Gaussian of standard deviation σ has the entropy of a uniform law on a stretch of this many
 * σ. The theory's ellipsoid has one cell of side ε for each σ = ε, so the grid's side is this times ε;
 * for fine cells exp H then equals ∏_j √λ_j / ε, the theory's N(ε), exactly.
 */
export const GAUSSIAN_WIDTH = Math.sqrt(2 * Math.PI * Math.E);

/**
 * Puts a sample on a grid of side √(2πe) ε, one cell of which is centred at the origin, and counts. Give
 * principal coordinates: those much narrower than a cell then lie within the middle one and add nothing.
 *
 * A count cannot exceed the number of points: where it comes near, ε is too fine for the sample.
 *
 * @param points [n, d]
 * @throws RangeError for ε outside (0, 1) or τ outside [0, 1).
 */
export function countCells(points: NdArray, { epsilon, omitted = 0.1 }: CountOptions): CellCount {
  if (!(epsilon > 0 && epsilon < 1)) throw new RangeError(`ε must be in (0, 1), not ${epsilon}`);
  if (!(omitted >= 0 && omitted < 1)) throw new RangeError(`τ must be in [0, 1), not ${omitted}`);
  const rows = points.shape[0];
  const counts = [...countsByCell(points, GAUSSIAN_WIDTH * epsilon)].sort((a, b) => b - a);
  // The tolerance is for shares such as 0.9 that are no binary fractions.
  const needed = Math.ceil((1 - omitted) * rows - 1e-9);
  let cover = 0;
  for (let held = 0; held < needed; cover++) held += counts[cover];
  const entropy = -counts.reduce((sum, c) => sum + c / rows * Math.log(c / rows), 0);
  const fineness = Math.log(1 / epsilon);
  return {
    occupied: counts.length,
    cover,
    typical: Math.exp(entropy),
    dimension: entropy / fineness,
    coverDimension: Math.log(cover) / fineness,
  };
}

/** Points in each cell that holds any. */
function countsByCell(points: NdArray, side: number): Iterable<number> {
  const [rows, dimension] = points.shape;
  const data = points.data as Float32Array;
  const cell = (x: number) => Math.floor(x / side + 0.5);
  // Coordinates in which all points lie in the middle cell are left out of the keys.
  const wide = Array.from({ length: dimension }, (_, j) => j).filter((j) => {
    for (let i = 0; i < rows; i++) if (cell(data[i * dimension + j]) !== 0) return true;
    return false;
  });
  const counts = new Map<string, number>();
  for (let i = 0; i < rows; i++) {
    const key = wide.map((j) => cell(data[i * dimension + j])).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.values();
}
