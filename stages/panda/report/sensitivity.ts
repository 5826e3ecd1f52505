/** The section on the best λ̃ for several Δ. */

import { figure, lineChart, type LinePoint, markup, styleOf } from "../../../methods/plot/mod.ts";
import { bestLambda, type Curve } from "../../../methods/panda/studies.ts";
import type { MethodName } from "../../../methods/panda/replicate.ts";
import type { ModelName } from "../../../methods/panda/populations.ts";
import { bootstrapInterval } from "../../../methods/stats/bootstrap.ts";
import { tTest } from "../../../methods/stats/paired_t.ts";
import { slope } from "../../../methods/stats/slope.ts";
import { mean } from "../../../methods/stats/summary.ts";
import type { Section } from "../../common/section.ts";
import type { Results } from "../collect.ts";
import type { SensitivityResult } from "../sense.ts";
import { lambdaSlope } from "../studies.ts";
import { METHOD_STYLES, MODEL_TITLES, ordered, signed } from "./names.ts";
import { table } from "./table.ts";

type Replicates = SensitivityResult["replicates"];
type Measure = "l2" | "risk";

/** Mean curves for each method, and slopes of log λ̃* on log Δ. */
export function sensitivitySection({ sensitivity }: Results): Section {
  return {
    id: "sensitivity",
    title: "Does the best λ̃ move with Δ?",
    html:
      markup`<p>β* is multiplied by η, and so is Δ. Lines: ℓ₂ error relative to ‖β*‖₂, mean over replicates,
against λ̃; the table gives the λ̃ of the smallest mean error, which for a
method that needs no knowledge of Δ is the same for all η. Lines are cut at 1.6.
The claims are about the ℓ₂ error. The last column asks the same of the exact risk, whose curves are flat near
their minimum: there the best λ̃ need not stay, and being off it costs little.</p>${
        sensitivity.map(model)
      }`,
  };
}

function model(result: SensitivityResult) {
  const { replicates, grid } = result;
  const methods = [...new Set(replicates[0].curves.map((curve) => curve.method))];
  const scales = [...new Set(replicates[0].curves.map((curve) => curve.scale))];
  const deltas = new Map(replicates[0].curves.map((curve) => [curve.scale, curve.delta]));
  const styles = ordered(scales, (scale) => `η = ${scale}, Δ = ${deltas.get(scale)!.toFixed(2)}`);
  return markup`<h3>Model ${MODEL_TITLES[result.model as ModelName]}</h3>${
    figure({
      legend: scales.map((scale) => styleOf(styles, String(scale))),
      panels: methods.map((method) => ({
        title: styleOf(METHOD_STYLES, method).label,
        chart: lineChart({
          label: `${
            styleOf(METHOD_STYLES, method).label
          }: error against λ̃ for each η; the best λ̃ are ${
            scales.map((scale) => bestOfMean(grid, replicates, method, scale, "l2").toFixed(2))
              .join(", ")
          }`,
          points: scales.flatMap((scale) => points(grid, replicates, method, scale)),
          styles,
          xLabel: "λ̃ (logarithmic)",
          yLabel: "ℓ₂ error / ‖β*‖₂",
          yDomain: [0, 1.6],
          xTickFormat: (x) => String(Number((10 ** x).toPrecision(2))),
          bands: [],
        }),
      })),
    })
  }${
    table(
      [
        "method",
        ...scales.map((scale) => `best λ̃, η = ${scale}`),
        "slope, each replicate",
        "slope of the mean curve",
        "slope for the risk",
      ],
      methods.map((method) => [
        styleOf(METHOD_STYLES, method).label,
        ...scales.map((scale) => bestOfMean(grid, replicates, method, scale, "l2").toFixed(2)),
        perReplicate(grid, replicates, method, "l2"),
        ofMeanCurve(grid, replicates, method, "l2"),
        perReplicate(grid, replicates, method, "risk"),
      ]),
    )
  }<p class="muted">${
    String(replicates.length)
  } replicates. Slopes of log λ̃* on log Δ with 95 % intervals: t over
replicates; for the mean curve, a bootstrap of the replicates, which is the better reading where single
curves have several dips. λ̃ minimises the true ℓ₂ error, or the true risk, not a validation error; a minimum at an end of the grid counts
as if it were there.</p>`;
}

const curveOf = (curves: readonly Curve[], method: MethodName, scale: number) =>
  curves.find((curve) => curve.method === method && curve.scale === scale)!;

function meanCurve(
  replicates: Replicates,
  method: MethodName,
  scale: number,
  measure: Measure,
): number[] {
  const curves = replicates.map(({ curves }) => curveOf(curves, method, scale)[measure]);
  return curves[0].map((_, i) => mean(curves.map((curve) => curve[i])));
}

function bestOfMean(
  grid: readonly number[],
  replicates: Replicates,
  method: MethodName,
  scale: number,
  measure: Measure,
): number {
  return bestLambda(grid, meanCurve(replicates, method, scale, measure));
}

function points(
  grid: readonly number[],
  replicates: Replicates,
  method: MethodName,
  scale: number,
): LinePoint[] {
  const errors = meanCurve(replicates, method, scale, "l2");
  const unit = curveOf(replicates[0].curves, method, scale).size;
  return grid.map((lambda, i) => ({
    series: String(scale),
    x: Math.log10(lambda),
    y: Math.min(errors[i] / unit, 1.6),
  }));
}

const interval = (value: number, [low, high]: readonly [number, number]) =>
  `${signed(value)} (${signed(low)} to ${signed(high)})`;

function perReplicate(
  grid: readonly number[],
  replicates: Replicates,
  method: MethodName,
  measure: Measure,
): string {
  const slopes = replicates.map(({ curves }) =>
    lambdaSlope(grid, curves.filter((curve) => curve.method === method), measure)
  );
  if (slopes.length < 2) return signed(slopes[0]);
  const { effect, interval: ends } = tTest(slopes);
  return interval(effect, ends);
}

function ofMeanCurve(
  grid: readonly number[],
  replicates: Replicates,
  method: MethodName,
  measure: Measure,
): string {
  const own = replicates[0].curves.filter((curve) => curve.method === method);
  const statistic = (sample: Replicates) =>
    slope(
      own.map((curve) => Math.log(curve.delta)),
      own.map((curve) => Math.log(bestOfMean(grid, sample, method, curve.scale, measure))),
    );
  return interval(statistic(replicates), bootstrapInterval(replicates, statistic, { draws: 1000 }));
}
