/** The section of slopes: measured beside predicted, over all sizes and between neighbouring ones. */

import { BY_RATE } from "../../../methods/minkowski/designs.ts";
import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import {
  figure,
  intervalChart,
  lineChart,
  type Markup,
  markup,
} from "../../../methods/plot/mod.ts";
import type { IntervalPoint, LinePoint, Panel } from "../../../methods/plot/mod.ts";
import { estimate } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { sizeAxis } from "./curves.ts";
import { designLabel, measuredStyle, STYLES } from "./names.ts";
import { shown, signed } from "./written.ts";
import { table } from "./tables.ts";

/** Predicted and measured slopes of each design. */
export function slopesSection(designs: readonly MeasuredDesign[]): Section {
  const rows = designs.map(({ measures: m }) => [
    designLabel(m.design),
    `${m.predictedDimension[0].toFixed(1)} – ${m.predictedDimension.at(-1)!.toFixed(1)}`,
    m.predictedSlope === null ? "–" : signed(m.predictedSlope, 2),
    m.slopes === null ? "–" : shown(estimate(m.slopes)),
    signed(m.plugInSlope, 2),
    signed(m.ambientSlope, 2),
    m.curvatures === null ? "–" : shown(estimate(m.curvatures), 3),
  ]);
  return {
    id: "slopes",
    title: "Slopes",
    html: markup`${
      slopesFigure(designs)
    }<p>Least-squares slopes of log error on log n, fitted for each seed; in brackets the 95 %
t interval over seeds. <em>Predicted</em> is the slope of the predicted curve over the same sizes. Since
p<sub>eff</sub> grows with n, it is flatter than the exponent −2s/(2s + p) of the bound with p put in:
comparing a measured slope with the latter is a common mistake. The quadratic term is that
of a parabola in log n; above zero the curve flattens.</p>${
      table([
        "Design",
        markup`p<sub>eff</sub>, least to largest n`,
        "predicted slope",
        "measured slope",
        "−2s/(2s + p)",
        "−2s/(2s + d)",
        "quadratic term",
      ], rows)
    }`,
  };
}

/** Measured minus predicted slopes of all designs, and local slopes of the exponential ones. */
function slopesFigure(designs: readonly MeasuredDesign[]): Markup {
  const shaped = designs.filter((d) => d.measures.slopes !== null);
  const rates = designs.filter((d) => BY_RATE.includes(d.measures.design));
  const panels: Panel[] = [];
  if (shaped.length > 0) {
    panels.push({
      title: "Measured minus predicted slope",
      chart: intervalChart({
        label: "Measured minus predicted slopes of all designs with their intervals",
        points: shaped.map(({ measures }): IntervalPoint => ({
          series: measures.design,
          ...estimate(measures.slopes!.map((slope) => slope - measures.predictedSlope!)),
        })),
        styles: STYLES,
        xLabel: "right of 0: flatter than predicted",
        xTickFormat: (x) => signed(x, 1),
      }),
    });
  }
  if (rates.length > 0) {
    panels.push({
      title: "Slopes between neighbouring sizes, d = 16 (predicted dashed)",
      chart: lineChart({
        label: "Local slopes of learning curves against the sample size, by rate of decay",
        points: rates.flatMap(localSlopes),
        styles: STYLES,
        bands: [],
        xLabel: "sample size n (log)",
        yLabel: "local slope",
        xTickFormat: sizeAxis.tick,
        yTickFormat: (y) => signed(y, 1),
        height: 330,
      }),
    });
  }
  return figure({
    panels,
    legend: rates.map((d) => measuredStyle(d.measures.design)),
    caption:
      "Left: means and 95 % intervals over seeds. Right: means over seeds; the prediction is " +
      "a staircase, one step for each coordinate that becomes active, smoothed by the spacing of sizes.",
  });
}

/** Differences of log error over differences of log n, drawn at the geometric middle. */
function localSlopes({ study, measures }: MeasuredDesign): LinePoint[] {
  const sizes = study.curves[0].sizes;
  return sizes.slice(1).flatMap((n, i): LinePoint[] => {
    const run = Math.log(n / sizes[i]);
    const x = (sizeAxis.of(n) + sizeAxis.of(sizes[i])) / 2;
    const rises = study.curves.map((c) => Math.log(c.error[i + 1] / c.error[i]) / run);
    const predicted = (measures.predictedLogError[i + 1] - measures.predictedLogError[i]) / run;
    return [
      { series: measures.design, x, y: estimate(rises).value },
      { series: `predicted ${measures.design}`, x, y: predicted },
    ];
  });
}
