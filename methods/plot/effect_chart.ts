/** One claim's evidence: a dot for each seed, the mean and its interval, a reference, and the margin. */

import { axisX, dot, gridX, link, rect, ruleX } from "@observablehq/plot";
import type { Markup } from "./markup.ts";
import { draw } from "./svg.ts";

export interface EffectChart {
  readonly label: string;
  /** One value for each seed. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
  /** Shaded: equivalence, or effects too small to matter. */
  readonly region: readonly [number, number] | null;
  /** Where the rule stands that the mean is compared with. @default 0 */
  readonly reference?: number;
  readonly xLabel: string;
  readonly xTickFormat?: (x: number) => string;
  /** Colour of the mean and its interval. */
  readonly colour: string;
}

/** Many seeds share rows, or a chart of a thousand would be metres high. */
const MOST_ROWS = 24;

/** Seeds in their own rows from top to bottom, the mean below them. */
export function effectChart(chart: EffectChart): Markup {
  const rows = Math.min(chart.values.length, MOST_ROWS);
  const crowded = chart.values.length > MOST_ROWS;
  const reference = chart.reference ?? 0;
  const shown = [reference, chart.mean, ...chart.values, ...chart.interval ?? []];
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  const pad = 0.06 * (high - low || 1);
  const domain = [low - pad, high + pad];
  const inside = (x: number) => Math.max(domain[0], Math.min(domain[1], x));
  const bottom = rows + 1.5;
  return draw(chart.label, {
    height: 66 + 5 * rows + 14,
    marginLeft: 10,
    marginTop: 6,
    x: { domain, label: chart.xLabel },
    y: { domain: [bottom + 1, -0.5], axis: null },
    marks: [
      chart.region &&
      rect([chart.region], {
        x1: (r: readonly number[]) => inside(r[0]),
        x2: (r: readonly number[]) => inside(r[1]),
        y1: -0.5,
        y2: bottom + 1,
        fill: "var(--muted)",
        fillOpacity: 0.16,
      }),
      gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: 4 }),
      ruleX([reference], { stroke: "var(--fg)", strokeOpacity: 0.7 }),
      axisX({ ticks: 4, tickFormat: chart.xTickFormat, labelArrow: "none", labelAnchor: "center" }),
      dot(chart.values, {
        x: (v: number) => v,
        y: (_: number, i: number) => i % rows,
        r: crowded ? 1.6 : 2.6,
        fill: "var(--muted)",
        fillOpacity: crowded ? 0.5 : 1,
      }),
      chart.interval &&
      link([chart.interval], {
        x1: (i: readonly number[]) => i[0],
        x2: (i: readonly number[]) => i[1],
        y: bottom,
        stroke: chart.colour,
        strokeWidth: 3,
      }),
      dot([chart.mean], { x: (v: number) => v, y: bottom, r: 5, fill: chart.colour }),
    ],
  });
}
