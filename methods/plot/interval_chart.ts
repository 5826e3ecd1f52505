/** Dots with intervals in rows: one row for each named thing, any number of dots in it. */

import { axisX, dot, gridX, link, ruleY, text } from "@observablehq/plot";
import type { Markup } from "./markup.ts";
import { styleOf } from "./series.ts";
import type { SeriesStyles } from "./series.ts";
import { draw } from "./svg.ts";

export interface IntervalPoint {
  /** The row; a name in `styles`. */
  readonly series: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Written above the dot in the first row that has it, e.g. "R@5". */
  readonly tag?: string;
}

/** Rows in the order of their first points. */
export function intervalChart(chart: {
  readonly label: string;
  readonly points: readonly IntervalPoint[];
  readonly styles: SeriesStyles;
  readonly xLabel: string;
  readonly xDomain?: readonly [number, number];
  readonly xTickFormat?: (x: number) => string;
}): Markup {
  const rows = [...new Set(chart.points.map((p) => p.series))];
  const colour = (p: IntervalPoint) => styleOf(chart.styles, p.series).colour;
  const first = new Map<string, IntervalPoint>();
  for (const p of chart.points) if (p.tag && !first.has(p.tag)) first.set(p.tag, p);
  return draw(chart.label, {
    height: (first.size > 0 ? 62 : 46) + 22 * rows.length,
    marginLeft: 104,
    marginTop: first.size > 0 ? 26 : 10,
    x: { domain: chart.xDomain as number[] | undefined, nice: true, label: chart.xLabel },
    y: { domain: rows, type: "point", padding: 0.6, axis: null },
    marks: [
      gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      axisX({ ticks: 5, tickFormat: chart.xTickFormat, labelArrow: "none", labelAnchor: "center" }),
      ruleY(rows, { stroke: "var(--line)", strokeDasharray: "1,3" }),
      text(rows, {
        y: (row: string) => row,
        text: (row: string) => styleOf(chart.styles, row).label,
        frameAnchor: "left",
        textAnchor: "end",
        dx: -8,
      }),
      link(chart.points.filter((p) => p.low !== undefined), {
        x1: "low",
        x2: "high",
        y: "series",
        stroke: colour,
        strokeWidth: 2,
        strokeOpacity: 0.7,
      }),
      dot(chart.points, { x: "value", y: "series", fill: colour, r: 3.5 }),
      text([...first.values()], {
        x: "value",
        frameAnchor: "top",
        text: "tag",
        dy: -14,
        fill: "var(--muted)",
      }),
    ],
  });
}
