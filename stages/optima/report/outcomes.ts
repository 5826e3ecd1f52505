/** Sections about final results: the table of outcomes and the downstream tasks. */

import { figure, intervalChart, Markup, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { IntervalPoint, Panel } from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import { estimate } from "../../../methods/stats/mod.ts";
import type { Estimate } from "../../../methods/stats/mod.ts";
import type { Metrics } from "../../../methods/optima/metrics.ts";
import { computeUnit } from "./compute_unit.ts";
import { conditionTitle, POLICY_STYLES } from "./names.ts";
import type { Section } from "../../common/section.ts";

interface Column {
  readonly metric: string;
  readonly heading: string;
  /** Which end is good; left out for a cost that is the same by design. */
  readonly good?: "low" | "high";
  /** Shown in this unit: 0.01 for per cent. @default 1 */
  readonly unit?: number;
}

function columnsOf(metrics: Metrics): readonly Column[] {
  const [unit, name] = computeUnit(Math.max(...metrics.table.map((row) => row.metrics.flops)));
  return [
    { metric: "layer_loss", heading: "layer loss", good: "low" },
    { metric: "layer_loss_equal_flops", heading: "at OPTIMA's FLOPs", good: "low" },
    { metric: "image_loss", heading: "image", good: "low" },
    { metric: "text_loss", heading: "text", good: "low" },
    { metric: "multimodal_loss", heading: "multimodal", good: "low" },
    { metric: "caption_loss", heading: "caption loss", good: "low" },
    { metric: "recall_t2i_10", heading: "R@10, %", good: "high", unit: 0.01 },
    { metric: "exact_match", heading: "exact, %", good: "high", unit: 0.01 },
    { metric: "flops", heading: name, unit },
  ];
}

/** Values of a metric over seeds; empty when it was not taken. */
function valuesOf(metrics: Metrics, condition: string, policy: string, name: string): number[] {
  return metrics.table.filter((row) => row.condition === condition && row.policy === policy)
    .map((row) => row.metrics[name]).filter((v) => v !== undefined);
}

/** One table for each condition: mean ± half-width of the 95 % interval. */
export function outcomesSection(metrics: Metrics): Section {
  return {
    id: "outcomes",
    title: "Final outcomes",
    html: markup`<p>Held-out results after all steps: mean over ${metrics.seeds.length} seed${
      metrics.seeds.length === 1 ? "" : "s"
    }${
      metrics.seeds.length > 1 ? " ± half the width of the 95 % interval" : null
    }. Bold: the best mean of a column. The layer loss averages the modules that matter in the
condition, after equal steps and at equal training FLOPs; the module columns show each by itself. R@10:
recall at 10, caption to image. Exact: share of captions generated word for word.</p>${
      metrics.conditions.map((condition) => outcomeTable(metrics, condition))
    }`,
  };
}

function outcomeTable(metrics: Metrics, condition: string): Markup {
  const columns = columnsOf(metrics).filter(({ metric }) =>
    metrics.policies.some((policy) => valuesOf(metrics, condition, policy, metric).length > 0)
  );
  const cells = metrics.policies.map((policy) =>
    columns.map(({ metric, unit = 1 }) => {
      const values = valuesOf(metrics, condition, policy, metric).map((v) => v / unit);
      return values.length > 0 ? estimate(values) : null;
    })
  );
  const best = columns.map(({ good }, c) => {
    const means = cells.map((row) => row[c]?.value).filter((v) => v !== undefined);
    return good === undefined ? NaN : good === "low" ? Math.min(...means) : Math.max(...means);
  });
  const matter = metrics.modulesThatMatter[condition];
  return markup`<h3>${conditionTitle(condition)}</h3>${
    matter ? markup`<p class="muted">Modules that matter: ${matter.join(", ")}.</p>` : null
  }<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr><th>Policy</th>${
    columns.map(({ heading }) => markup`<th class="n">${heading}</th>`)
  }</tr></thead><tbody>${
    metrics.policies.map((policy, r) =>
      markup`<tr><td style="white-space:nowrap">${styleOf(POLICY_STYLES, policy).label}</td>${
        cells[r].map((cell, c) =>
          markup`<td class="n">${
            cell === null
              ? "–"
              : cell.value === best[c]
              ? markup`<b>${shown(cell)}</b>`
              : shown(cell)
          }</td>`
        )
      }</tr>`
    )
  }</tbody></table></div>`;
}

/** "0.571 ± 0.012": the mean to three digits, its error to the same place. */
function shown(e: Estimate): Markup {
  const value = formatNumber(e.value);
  const half = e.high === undefined ? 0 : e.high - e.value;
  // Counts that are the same for all seeds differ by rounding only.
  if (half <= 1e-9 * Math.abs(e.value)) return markup`${value}`;
  const places = value.split(".")[1]?.length ?? 0;
  return markup`${value} <small>± ${half.toFixed(places)}</small>`;
}

/** One axis for several panels: their values and intervals, from `from` where it is given. */
function commonDomain(points: readonly IntervalPoint[], from?: number): [number, number] {
  const ends = points.flatMap((p) => [p.value, p.low ?? p.value, p.high ?? p.value]);
  return [from ?? Math.min(...ends), Math.max(...ends)];
}

/** Retrieval recalls and captioning loss by policy. */
export function tasksSection(metrics: Metrics): Section | null {
  const retrieval = (["t2i", "i2t"] as const).flatMap((way) =>
    panels(
      metrics,
      [1, 5, 10].map((k) => [`recall_${way}_${k}`, `R@${k}`] as const),
      (condition) => ({
        title: `${way === "t2i" ? "caption → image" : "image → caption"}, ${condition}`,
        label: `Retrieval recall at 1, 5 and 10, ${way}, condition ${condition}, by policy`,
        xLabel: "recall on held-out items",
        xTickFormat: (x) => `${Math.round(100 * x)} %`,
        from: 0,
      }),
    )
  );
  const captioning = panels(metrics, [["caption_loss"]], (condition) => ({
    title: condition,
    label: `Held-out captioning loss, condition ${condition}, by policy`,
    xLabel: "captioning loss, nats per token",
    xTickFormat: (x) => formatNumber(x, 3),
  }));
  if (retrieval.length + captioning.length === 0) return null;
  return {
    id: "tasks",
    title: "Downstream tasks",
    html: markup`${
      retrieval.length > 0 &&
      figure({
        panels: retrieval,
        caption:
          "Retrieval on held-out items, from left to right recall at 1, 5 and 10: mean over " +
          "seeds and its 95 % interval." + teacherLine(metrics),
      })
    }${
      captioning.length > 0 &&
      figure({
        panels: captioning,
        caption: "Captioning: cross-entropy of the next token on held-out items; left is better.",
      })
    }`,
  };
}

/** One panel for each condition in which the metrics were taken, all on one axis. */
function panels(
  metrics: Metrics,
  names: readonly (readonly [name: string, tag?: string])[],
  words: (condition: string) => {
    readonly title: string;
    readonly label: string;
    readonly xLabel: string;
    readonly xTickFormat: (x: number) => string;
    /** Where the axis starts; left out: at the smallest value. */
    readonly from?: number;
  },
): Panel[] {
  const pointsOf = (condition: string) =>
    metrics.policies.flatMap((series) =>
      names.flatMap(([name, tag]): IntervalPoint[] => {
        const values = valuesOf(metrics, condition, series, name);
        return values.length === 0 ? [] : [{ series, tag, ...estimate(values) }];
      })
    );
  const all = metrics.conditions.flatMap(pointsOf);
  return metrics.conditions.flatMap((condition): Panel[] => {
    const points = pointsOf(condition);
    if (points.length === 0) return [];
    const { title, from, ...rest } = words(condition);
    const xDomain = commonDomain(all, from);
    return [{ title, chart: intervalChart({ ...rest, points, styles: POLICY_STYLES, xDomain }) }];
  });
}

function teacherLine(metrics: Metrics): string {
  const { recall_t2i_10, recall_i2t_10 } = metrics.teacher.metrics;
  if (recall_t2i_10 === undefined || recall_i2t_10 === undefined) return "";
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return ` The teacher's recall at 10 is ${percent(recall_t2i_10)} (caption → image) and ` +
    `${percent(recall_i2t_10)} (image → caption).`;
}
