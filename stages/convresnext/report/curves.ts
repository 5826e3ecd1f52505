/** Curves of errors over sizes, on doubly logarithmic axes. */

import { figure, lineChart, type LinePoint, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { Markup, Panel, SeriesStyles } from "../../../methods/plot/mod.ts";
import { mean, tTest } from "../../../methods/stats/mod.ts";
import type { Cell, Outcome } from "../../../methods/convresnext/cell.ts";
import type { CellResult } from "../../../methods/convresnext/results.ts";

/** How methods, layers, dimensions and decays are called and drawn. */
export const STYLES: SeriesStyles = {
  net: { label: "ConvResNeXt", colour: "var(--series-1)", width: 2.6 },
  krr: { label: "kernel ridge", colour: "var(--series-2)", dash: "7,3" },
  gp: { label: "Gaussian process", colour: "var(--series-3)", dash: "2,2" },
  d1: { label: "d = 1", colour: "var(--series-1)", width: 2.2 },
  d2: { label: "d = 2", colour: "var(--series-2)", dash: "7,3", width: 2.2 },
  d3: { label: "d = 3", colour: "var(--series-3)", dash: "2,2", width: 2.2 },
  L3: { label: "L = 3", colour: "var(--series-3)", dash: "2,2" },
  L4: { label: "L = 4", colour: "var(--series-2)", dash: "7,3" },
  L6: { label: "L = 6", colour: "var(--series-1)", width: 2.2 },
  L10: { label: "L = 10", colour: "var(--series-5)", dash: "10,2,2,2" },
  none: { label: "λ = 0", colour: "var(--series-2)", dash: "7,3", width: 2 },
  mid: { label: "weaker λ", colour: "var(--series-3)", dash: "2,2", width: 2 },
  strong: { label: "stronger λ", colour: "var(--series-1)", width: 2.6 },
};

/** Geometric mean of positive values and its 95 % interval (of the logarithms). */
export function geometric(
  values: readonly number[],
): { readonly value: number; readonly low?: number; readonly high?: number } {
  const logs = values.map(Math.log);
  if (logs.length < 2) return { value: Math.exp(mean(logs)) };
  const { effect, interval: [low, high] } = tTest(logs);
  return { value: Math.exp(effect), low: Math.exp(low), high: Math.exp(high) };
}

/** Points of one series for each cell: x is the binary logarithm of a size. */
export function curve(
  results: readonly CellResult[],
  series: (result: CellResult) => string,
  size: (cell: Cell) => number,
  value: (outcome: Outcome) => number = ({ error }) => error,
): LinePoint[] {
  return results
    .toSorted((a, b) => size(a.cell) - size(b.cell))
    .map((result) => {
      const { value: y, low, high } = geometric(result.outcomes.map(value));
      return { series: series(result), x: Math.log2(size(result.cell)), y, low, high };
    });
}

/** A panel of such curves. */
export function sizePanel(
  title: string,
  points: readonly LinePoint[],
  { xLabel, yLabel, label, yDomain }: {
    readonly xLabel: string;
    readonly yLabel: string;
    readonly label: string;
    readonly yDomain?: readonly [number, number];
  },
): Panel {
  return {
    title,
    chart: lineChart({
      label,
      points,
      styles: STYLES,
      xLabel: `${xLabel} (log)`,
      yLabel: `${yLabel} (log)`,
      yScale: "log",
      yDomain,
      xTickFormat: (x) => Number.isInteger(x) ? `${2 ** x}` : "",
      yTickFormat: (y) => `${Number(y.toPrecision(2))}`,
    }),
  };
}

/** A range that holds all intervals, for panels with one axis. */
export function commonRange(points: readonly LinePoint[]): readonly [number, number] {
  const ends = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  return [Math.min(...ends), Math.max(...ends)];
}

/** A figure whose legend has the series that occur. */
export function curvesFigure(
  panels: readonly Panel[],
  series: readonly string[],
  caption: string | Markup,
): Markup {
  const legend = [...new Set(series)].map((name) => styleOf(STYLES, name));
  return markup`${figure({ panels, legend, caption })}`;
}
