/** Lines over a common axis, with intervals as bands. */

import { areaY, axisX, axisY, gridY, lineY, ruleY } from "@observablehq/plot";
import type { Markup } from "./markup.ts";
import { styleOf } from "./series.ts";
import type { SeriesStyles } from "./series.ts";
import { draw } from "./svg.ts";

/** A mean curve with its interval. */
export interface LinePoint {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  /** Interval; left out where there is none (one seed). */
  readonly low?: number;
  readonly high?: number;
}

export interface LineChart {
  /** For readers who cannot see it. */
  readonly label: string;
  readonly points: readonly LinePoint[];
  readonly styles: SeriesStyles;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Set it to give several panels the same axis. */
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** A logarithmic axis for positive values; intervals that reach 0 are cut at half the lowest line. @default "linear" */
  readonly yScale?: "linear" | "log";
  /** A logarithmic axis for positive values, e.g. sample sizes. @default "linear" */
  readonly xScale?: "linear" | "log";
  readonly xTickFormat?: (x: number) => string;
  readonly yTickFormat?: (y: number) => string;
  /** A horizontal line to compare with, e.g. an even share. */
  readonly reference?: number;
  /** Series whose intervals are drawn; where they would cover each other, choose few. @default all */
  readonly bands?: readonly string[];
  readonly height?: number;
}

/** Draws bands below lines; the series that come first lie on top. */
export function lineChart(chart: LineChart): Markup {
  const names = [...new Set(chart.points.map((p) => p.series))].reverse();
  const log = chart.yScale === "log";
  const floor = log ? Math.min(...chart.points.map((p) => p.y)) / 2 : -Infinity;
  const of = (name: string) => chart.points.filter((p) => p.series === name);
  return draw(chart.label, {
    height: chart.height ?? 230,
    x: {
      type: chart.xScale ?? "linear",
      domain: chart.xDomain as number[] | undefined,
      label: chart.xLabel,
    },
    y: {
      type: log ? "log" : "linear",
      domain: chart.yDomain as number[] | undefined,
      label: chart.yLabel,
    },
    marks: [
      gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      axisX({ ticks: 4, tickFormat: chart.xTickFormat, labelArrow: "none", labelAnchor: "center" }),
      axisY({ ticks: 5, tickSize: 0, tickFormat: chart.yTickFormat, labelArrow: "none" }),
      chart.reference === undefined
        ? null
        : ruleY([chart.reference], { stroke: "var(--muted)", strokeDasharray: "1,3" }),
      ...names.filter((name) => chart.bands?.includes(name) ?? true).map((name) =>
        areaY(of(name).filter((p) => p.low !== undefined), {
          x: "x",
          y1: (p: LinePoint) => Math.max(p.low!, floor),
          y2: "high",
          fill: styleOf(chart.styles, name).colour,
          fillOpacity: 0.13,
        })
      ),
      ...names.map((name) => {
        const style = styleOf(chart.styles, name);
        return lineY(of(name), {
          x: "x",
          y: "y",
          stroke: style.colour,
          strokeWidth: style.width ?? 1.5,
          strokeDasharray: style.dash,
        });
      }),
    ],
  });
}
