// One design's study: for each seed a target, a sample, its count of cells, and a learning curve.

import type { Provider } from "../tensor/mod.ts";
import { solveBalance } from "./balance.ts";
import { type CellCount, countCells } from "./box_counting.ts";
import { inputMap } from "./design.ts";
import { matern } from "./field.ts";
import { type FitSettings, type LearningCurve, learningCurves } from "./learning_curve.ts";
import { makeReplicate, type Points, type Replicate } from "./replicate.ts";

/** Target, noise and fits; the same for all designs. */
export interface StudySettings {
  /** s of the target, a multiple of ½. */
  readonly smoothness: number;
  /** ℓ of the target; the design's first coordinate has standard deviation 1. */
  readonly lengthScale: number;
  /** Fourier features of the target. */
  readonly features: number;
  /** σ / sd(f₀). */
  readonly noise: number;
  readonly fit: FitSettings;
}

/** What one design gave: an entry for each seed. */
export interface StudyResult {
  readonly curves: readonly LearningCurve[];
  /** Cells that the seed's whole sample occupies at the ε that is predicted for each size. */
  readonly counts: readonly (readonly CellCount[])[];
}

/**
 * Runs the study of a design.
 *
 * @param eigenvalues λ_1 = 1 ≥ λ_2 ≥ … of the design.
 * @param points draws a seed's points, in principal coordinates.
 */
export async function runStudy(
  { seeds, eigenvalues, points, settings, provider, threads }: {
    readonly seeds: readonly number[];
    readonly eigenvalues: ArrayLike<number>;
    readonly points: (seed: number) => Points;
    readonly settings: StudySettings;
    readonly provider: Provider;
    readonly threads?: number;
  },
): Promise<StudyResult> {
  const { smoothness, lengthScale, features, noise, fit } = settings;
  const scales = fit.sizes.map((n) => solveBalance(eigenvalues, { smoothness, n }).epsilon);
  const replicates: Replicate[] = [];
  const counts: CellCount[][] = [];
  for (const seed of seeds) {
    const drawn = points(seed);
    counts.push(scales.map((epsilon) => countCells(drawn.pool, { epsilon })));
    replicates.push(
      await makeReplicate({
        seed,
        points: drawn,
        map: inputMap(seed, eigenvalues),
        field: matern(seed, { dimension: eigenvalues.length, smoothness, features, lengthScale }),
        noise,
        provider,
        threads,
      }),
    );
  }
  return { curves: await learningCurves(replicates, fit, { provider, threads }), counts };
}
