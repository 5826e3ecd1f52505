// What claims are about: measures of each seed, from the studies of all designs.

import type { SeedMetrics } from "../stats/estimand.ts";
import { slope } from "../stats/slope.ts";
import { mean } from "../stats/summary.ts";
import { solveBalance } from "./balance.ts";
import { curvature, logLog, sizesAboveFloor } from "./curve_shape.ts";
import { BY_RATE, DESIGN_NAMES, type DesignName, DESIGNS, ISOTROPIC } from "./designs.ts";
import { eigenvalues } from "./spectrum.ts";
import type { StudyResult } from "./study.ts";

/** Rules for turning curves into measures. */
export interface MeasureRules {
  /** s, for the predictions. */
  readonly smoothness: number;
  /** Points with a mean error below this many floors are left out. */
  readonly floorFactor: number;
  /** Fewest sizes that a slope or a curvature may be taken from. */
  readonly leastSizes: number;
}

/** A design's predictions and the seeds' measures, for tables and figures. */
export interface DesignMeasures {
  readonly design: DesignName;
  /** Sizes at which the mean error is clear of the floor. */
  readonly kept: readonly number[];
  /** p_eff at each size of the curves. */
  readonly predictedDimension: readonly number[];
  /** log ε^{2s} at each size of the curves. */
  readonly predictedLogError: readonly number[];
  /** Least-squares slope of the predicted curve over the kept sizes; null with too few. */
  readonly predictedSlope: number | null;
  /** −2s/(2s + p) at the middle size: what is read off the bound by mistake. */
  readonly plugInSlope: number;
  /** −2s/(2s + d): what would hold if the ambient dimension counted. */
  readonly ambientSlope: number;
  /** Over the kept sizes, for each seed; null with too few. */
  readonly slopes: readonly number[] | null;
  readonly curvatures: readonly number[] | null;
  /** Estimated from the sample at the ε of the largest size, for each seed. */
  readonly dimensions: readonly number[];
}

/** Measures one design. */
export function measureDesign(
  design: DesignName,
  { curves, counts }: StudyResult,
  { smoothness, floorFactor, leastSizes }: MeasureRules,
): DesignMeasures {
  const { spectrum, dimension } = DESIGNS[design];
  const lambda = eigenvalues(spectrum, dimension);
  const sizes = curves[0].sizes;
  const balances = sizes.map((n) => solveBalance(lambda, { smoothness, n }));
  const kept = sizesAboveFloor(curves, floorFactor);
  const enough = kept.length >= leastSizes;
  const shape = (f: (x: readonly number[], y: readonly number[]) => number) =>
    enough
      ? curves.map((curve) => {
        const { x, y } = logLog(curve, kept);
        return f(x, y);
      })
      : null;
  const predicted = sizes.flatMap((n, i) =>
    kept.includes(n) ? [[Math.log(n), balances[i].logError]] : []
  );
  return {
    design,
    kept,
    predictedDimension: balances.map((b) => b.dimension),
    predictedLogError: balances.map((b) => b.logError),
    predictedSlope: enough ? slope(predicted.map(([x]) => x), predicted.map(([, y]) => y)) : null,
    plugInSlope: balances[Math.floor(sizes.length / 2)].plugInSlope,
    ambientSlope: -2 * smoothness / (2 * smoothness + dimension),
    slopes: shape(slope),
    curvatures: shape(curvature),
    dimensions: counts.map((perSize) => perSize[perSize.length - 1].dimension),
  };
}

/** A metric that a run does not have, and why. */
export interface LeftOut {
  readonly path: string;
  readonly because: string;
}

/** A design's study and its measures. */
export interface MeasuredDesign {
  readonly study: StudyResult;
  readonly measures: DesignMeasures;
}

/** Metrics of one design in claims.yaml, `<metric>.<design>`. */
const DESIGN_METRICS = [
  "slope",
  "predicted_slope",
  "ambient_slope",
  "curvature",
  "log_error",
  "dimension",
  "predicted_dimension",
] as const;

/** Those that need enough sizes above the floor. */
const SHAPES: readonly string[] = ["slope", "predicted_slope", "curvature"];

/**
 * The metrics of each seed under the names that claims use, and those that the run lacks:
 * - the {@linkcode DESIGN_METRICS}; `log_error` is the logarithm of the relative error at `comparedSize`;
 * - `curvature.exponential`, `curvature.isotropic`: means over designs; `bends.exponential` is 1 where
 *   that mean is positive;
 * - `pooled.exponential`: slope of log error on the predicted log ε^{2s}, over all kept points of the
 *   designs with θ rising at d = 16, with one intercept.
 */
export function seedMetrics(
  designs: readonly MeasuredDesign[],
  comparedSize: number,
): { readonly replicates: SeedMetrics[]; readonly leftOut: LeftOut[] } {
  const found = (name: DesignName) => designs.find((d) => d.measures.design === name);
  const leftOut: LeftOut[] = DESIGN_NAMES.flatMap((name) => {
    const here = found(name);
    if (here === undefined) {
      const because = `this preset leaves the design ${name} out`;
      return DESIGN_METRICS.map((metric) => ({ path: `${metric}.${name}`, because }));
    }
    if (here.measures.slopes !== null) return [];
    const because = `too few errors of ${name} are clear of the optimiser's floor`;
    return SHAPES.map((metric) => ({ path: `${metric}.${name}`, because }));
  });
  const complete = (names: readonly DesignName[]) => {
    const members = names.map(found);
    return members.every((d) => d !== undefined && d.measures.curvatures !== null)
      ? members as MeasuredDesign[]
      : null;
  };
  const exponential = complete(BY_RATE), isotropic = complete(ISOTROPIC);
  const lack = (paths: readonly string[], what: string) =>
    leftOut.push(...paths.map((path) => ({ path, because: `this run lacks some ${what}` })));
  if (exponential === null) {
    lack(
      ["curvature.exponential", "bends.exponential", "pooled"],
      "slope of an exponential design",
    );
  }
  if (isotropic === null) lack(["curvature.isotropic"], "slope of an isotropic design");

  const seeds = designs[0].study.curves.map((c) => c.seed);
  const replicates = seeds.map((seed, s): SeedMetrics => {
    const of = (value: (d: MeasuredDesign) => number | undefined) =>
      Object.fromEntries(designs.map((d) => [d.measures.design, value(d)]));
    const bend = (members: readonly MeasuredDesign[] | null) =>
      members === null ? undefined : mean(members.map((d) => d.measures.curvatures![s]));
    const exponentialBend = bend(exponential);
    return {
      seed,
      scope: {
        slope: of((d) => d.measures.slopes?.[s]),
        predicted_slope: of((d) => d.measures.predictedSlope ?? undefined),
        ambient_slope: of((d) => d.measures.ambientSlope),
        curvature: {
          ...of((d) => d.measures.curvatures?.[s]),
          exponential: exponentialBend,
          isotropic: bend(isotropic),
        },
        bends: {
          exponential: exponentialBend === undefined ? undefined : Number(exponentialBend > 0),
        },
        pooled: { exponential: exponential === null ? undefined : pooledSlope(exponential, s) },
        log_error: of(({ study }) => {
          const { sizes, error } = study.curves[s];
          return Math.log(error[sizes.indexOf(comparedSize)]);
        }),
        dimension: of((d) => d.measures.dimensions[s]),
        predicted_dimension: of((d) => d.measures.predictedDimension.at(-1)),
      },
    };
  });
  return { replicates, leftOut };
}

/** Slope of log error on predicted log error over the kept points of several designs, for seed `s`. */
function pooledSlope(designs: readonly MeasuredDesign[], s: number): number {
  const points = designs.flatMap(({ study, measures }) =>
    study.curves[s].sizes.flatMap((n, i) =>
      measures.kept.includes(n)
        ? [[measures.predictedLogError[i], Math.log(study.curves[s].error[i])]]
        : []
    )
  );
  return slope(points.map(([x]) => x), points.map(([, y]) => y));
}
