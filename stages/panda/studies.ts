/** From results to the replicates that claims are decided on. */

import type { GeneResult } from "../../methods/panda/gene_study.ts";
import { bestLambda, type Curve, type PenaltyOutcome } from "../../methods/panda/studies.ts";
import type { MethodName, TunedScores } from "../../methods/panda/replicate.ts";
import type { Studies, Study } from "../../methods/stats/claims.ts";
import type { MetricScope, SeedMetrics } from "../../methods/stats/estimand.ts";
import { slope } from "../../methods/stats/slope.ts";
import type { Results } from "./collect.ts";
import type { SensitivityResult } from "./sense.ts";
import type { CellResult } from "./simulate.ts";
import type { Variations } from "./vary.ts";

/** Joins the parts of each cell, replicates in the order of their seeds. */
export function joinCells(parts: readonly CellResult[]): CellResult[] {
  return [...Map.groupBy(parts, (part) => part.cell).values()].map((same) => ({
    ...same[0],
    replicates: same.flatMap((part) => part.replicates).sort((a, b) => a.seed - b.seed),
  }));
}

/** Joins the parts of each model's sensitivity study. */
export function joinSensitivity(parts: readonly SensitivityResult[]): SensitivityResult[] {
  return [...Map.groupBy(parts, (part) => part.model).values()].map((same) => ({
    ...same[0],
    replicates: same.flatMap((part) => part.replicates).sort((a, b) => a.seed - b.seed),
  }));
}

/**
 * The studies of a run. Metrics are read as `metric.method` (`metric.c.method` in `penalty`):
 *
 * - cells, by their names: `risk`, `l2`, `auc`, `tp`, `precision`, `lambda`, and the same with
 *   `_smallest` for the other rule on ties;
 * - `sensitivity_<model>`: `slope` and `slope_risk`, of log λ̃* on log Δ;
 * - `penalty`: `risk.c1`, `risk.c0_1` and so on, `risk_fixed` at one λ̃ for all c; `rate`: `slope`, of log ‖β̂ − β*‖₂ on log n;
 * - `theory`: `zero`, `risk`, `l2`; `leukemia` and `srbct`: `error`, `error_largest`, `error_smallest`.
 *
 * @param asked Names that claims use; those not measured are listed as left out.
 */
export function studiesOf(results: Results, asked: readonly string[]): Studies {
  const measured: Record<string, Study> = {
    penalty: { replicates: penaltyMetrics(results.variations) },
    rate: { replicates: rateMetrics(results.variations) },
    theory: { replicates: theoryMetrics(results.variations) },
    leukemia: { replicates: geneMetrics(results.leukemia) },
    srbct: { replicates: geneMetrics(results.srbct) },
  };
  for (const cell of results.cells) measured[cell.cell] = { replicates: cellMetrics(cell) };
  for (const result of results.sensitivity) {
    measured[`sensitivity_${result.model}`] = { replicates: sensitivityMetrics(result) };
  }
  for (const name of asked) {
    measured[name] ??= {
      replicates: [],
      leftOut: [{ path: "", because: `this preset does not run ${name}` }],
    };
  }
  return measured;
}

function cellMetrics({ replicates }: CellResult): SeedMetrics[] {
  return replicates.map(({ seed, methods }) => {
    const of = (metric: (tuned: TunedScores) => number): MetricScope =>
      Object.fromEntries(Object.entries(methods).map(([name, tuned]) => [name, metric(tuned)]));
    return {
      seed,
      scope: {
        risk: of((t) => t.scores.risk),
        l2: of((t) => t.scores.l2),
        auc: of((t) => t.scores.auc),
        tp: of((t) => t.scores.truePositives),
        precision: of((t) => t.scores.precision),
        lambda: of((t) => t.lambda),
        risk_smallest: of((t) => t.smallest.scores.risk),
        l2_smallest: of((t) => t.smallest.scores.l2),
      },
    };
  });
}

/** Slope of log λ̃* on log Δ for one method in one replicate. */
export function lambdaSlope(
  grid: readonly number[],
  curves: readonly Curve[],
  measure: "l2" | "risk",
): number {
  return slope(
    curves.map((curve) => Math.log(curve.delta)),
    curves.map((curve) => Math.log(bestLambda(grid, curve[measure]))),
  );
}

function sensitivityMetrics({ grid, replicates }: SensitivityResult): SeedMetrics[] {
  return replicates.map(({ seed, curves }) => {
    const byMethod = Map.groupBy(curves, (curve): MethodName => curve.method);
    const slopes = (measure: "l2" | "risk"): MetricScope =>
      Object.fromEntries(
        [...byMethod].map(([method, own]) => [method, lambdaSlope(grid, own, measure)]),
      );
    return { seed, scope: { slope: slopes("l2"), slope_risk: slopes("risk") } };
  });
}

/** `c0_001`, `c1`, `c100`: a name that expressions can hold. */
export function penaltyName(c: number): string {
  return `c${String(c).replace(".", "_")}`;
}

function penaltyMetrics({ penalty }: Variations): SeedMetrics[] {
  return penalty.replicates.map(({ seed, outcomes }) => {
    const by = (value: (outcome: PenaltyOutcome) => number): MetricScope =>
      Object.fromEntries(outcomes.map((o, i) => [penaltyName(penalty.penalties[i]), value(o)]));
    return {
      seed,
      scope: { risk: by((o) => o.tuned.scores.risk), risk_fixed: by((o) => o.fixedRisk) },
    };
  });
}

function rateMetrics({ rate }: Variations): SeedMetrics[] {
  return rate.replicates.map(({ seed, l2 }) => ({
    seed,
    scope: { slope: { n: slope(rate.sizes.map(Math.log), l2.map(Math.log)) } },
  }));
}

function theoryMetrics({ theory }: Variations): SeedMetrics[] {
  return theory.map(({ seed, size, tau, risk, l2 }) => ({
    seed,
    scope: {
      zero: { panda: size === 0 && tau === 0 ? 1 : 0 },
      risk: { panda: risk },
      l2: { panda: l2 },
    },
  }));
}

function geneMetrics({ splits }: GeneResult): SeedMetrics[] {
  return splits.map(({ seed, methods }) => {
    const of = (rule: "largest" | "smallest" | "mean"): MetricScope => ({
      panda: methods.panda.test[rule],
      lpd: methods.lpd.test[rule],
    });
    return {
      seed,
      scope: { error: of("mean"), error_largest: of("largest"), error_smallest: of("smallest") },
    };
  });
}
