/** The section of learning curves: measured errors beside the predicted ones. */

import type { DesignName } from "../../../methods/minkowski/designs.ts";
import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { figure, lineChart, type Markup, markup } from "../../../methods/plot/mod.ts";
import type { LinePoint, Panel } from "../../../methods/plot/mod.ts";
import { geometricEstimate } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { measuredStyle, STYLES } from "./names.ts";

/** Figures beside each other where there is room, each with a legend of its own. */
export function sideBySide(figures: readonly Markup[]): Markup {
  return markup`<div style="display:grid;gap:0 1.4rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr))">${figures}</div>`;
}

/** Charts have linear axes: sizes are drawn by their binary logarithm. */
export const sizeAxis = {
  of: (n: number) => Math.log2(n),
  tick: (x: number) => Number.isInteger(x) ? String(2 ** x) : "",
};

/** Numbers on a logarithmic axis, without trailing zeros. */
export const errorTick = (y: number) => `${Number(y.toPrecision(2))}`;

const GROUPS: readonly { readonly title: string; readonly designs: readonly DesignName[] }[] = [
  {
    title: "Exponential decay exp(−θj), d = 16",
    designs: ["exp_quarter_d16", "exp_half_d16", "exp1_d16", "exp2_d16", "exp4_d16"],
  },
  {
    title: "Spectrum exp(−j), three ambient dimensions",
    designs: ["exp1_d16", "exp1_d64", "exp1_d256"],
  },
  { title: "Polynomial decay 1/j^ω, d = 64", designs: ["poly2_d64", "poly4_d64", "poly8_d64"] },
  { title: "No decay (control)", designs: ["iso_d4", "iso_d8", "iso_d16"] },
];

/** Relative error against n for each group of designs, with the prediction. */
export function curvesSection(designs: readonly MeasuredDesign[]): Section {
  const groups = GROUPS.map((group) => ({
    ...group,
    members: group.designs.flatMap((name) => designs.filter((d) => d.measures.design === name)),
  })).filter((group) => group.members.length > 0);
  const figures = groups.map(({ title, members }) => {
    const names = members.map((d) => d.measures.design);
    const panel: Panel = {
      title,
      chart: lineChart({
        label: `Relative squared error against the sample size: ${title}`,
        points: members.flatMap(linesOf),
        bands: names,
        styles: STYLES,
        xLabel: "sample size n (log)",
        yLabel: "‖f̂ − f₀‖² / Var f₀ (log)",
        yScale: "log",
        xTickFormat: sizeAxis.tick,
        yTickFormat: errorTick,
        height: 260,
      }),
    };
    return figure({ panels: [panel], legend: names.map(measuredStyle) });
  });
  return {
    id: "curves",
    title: "Learning curves",
    html:
      markup`<p>Solid: geometric mean over seeds of the squared error relative to the variance of
the target, with its 95 % interval. Dashed: the prediction ε<sup>2s</sup> from the balance, as it is; its
constant is not known, so compare slopes, not heights.</p>
${sideBySide(figures)}`,
  };
}

function linesOf({ study, measures }: MeasuredDesign): LinePoint[] {
  const sizes = study.curves[0].sizes;
  return sizes.flatMap((n, i): LinePoint[] => {
    const { value, low, high } = geometricEstimate(study.curves.map((c) => c.error[i]));
    return [
      { series: measures.design, x: sizeAxis.of(n), y: value, low, high },
      {
        series: `predicted ${measures.design}`,
        x: sizeAxis.of(n),
        y: Math.exp(measures.predictedLogError[i]),
      },
    ];
  });
}
