/** Studies made by formula, with the theory planted or a wrong one in its place. */

import { solveBalance } from "../../../methods/minkowski/balance.ts";
import { DESIGN_NAMES, type DesignName, DESIGNS } from "../../../methods/minkowski/designs.ts";
import {
  type MeasuredDesign,
  measureDesign,
  type MeasureRules,
} from "../../../methods/minkowski/measures.ts";
import { eigenvalues } from "../../../methods/minkowski/spectrum.ts";
import type { StudyResult } from "../../../methods/minkowski/study.ts";
import { drawUniform } from "../../../methods/stats/counter_random.ts";

export const SIZES = [250, 500, 1000, 2000, 4000, 8000];
export const RULES: MeasureRules = { smoothness: 1, floorFactor: 1.25, leastSizes: 4 };

/** log error of a design at n. */
export type Law = (design: DesignName, n: number) => number;

/** Errors as the balance predicts. */
export const balanced: Law = (name, n) => {
  const { spectrum, dimension } = DESIGNS[name];
  return solveBalance(eigenvalues(spectrum, dimension), { smoothness: 1, n }).logError;
};

/** Errors as if the ambient dimension counted, whatever the spectrum is. */
export const ambient: Law = (name, n) => -2 / (2 + DESIGNS[name].dimension) * Math.log(n);

/** A study whose seeds scatter by a few per cent around `law`; counted dimensions are the predicted ones. */
export function syntheticStudy(
  name: DesignName,
  { law, seeds, floor = 1e-9 }: { law: Law; seeds: number; floor?: number },
): StudyResult {
  const { spectrum, dimension } = DESIGNS[name];
  const lambda = eigenvalues(spectrum, dimension);
  const noise = (s: number, i: number) =>
    0.02 * (drawUniform(s, 100 * DESIGN_NAMES.indexOf(name) + i) - 0.5);
  return {
    curves: Array.from({ length: seeds }, (_, s) => ({
      seed: s,
      sizes: SIZES,
      error: SIZES.map((n, i) => Math.exp(law(name, n) + noise(s, i))),
      floor,
      bestStep: SIZES.map(() => 50),
      training: SIZES.map(() => 0.1),
      variance: 0.5,
    })),
    counts: Array.from({ length: seeds }, () =>
      SIZES.map((n) => {
        const { dimension: p, logCells } = solveBalance(lambda, { smoothness: 1, n });
        const cells = Math.exp(logCells);
        return { occupied: cells, cover: cells, typical: cells, dimension: p, coverDimension: p };
      })),
  };
}

/** All designs, or those named, measured. */
export function syntheticDesigns(
  options: { law: Law; seeds: number; floor?: number },
  names: readonly DesignName[] = DESIGN_NAMES,
): MeasuredDesign[] {
  return names.map((name) => {
    const study = syntheticStudy(name, options);
    return { study, measures: measureDesign(name, study, RULES) };
  });
}
