/** Sections about final results: the table of outcomes and the downstream tasks. */

import { figure, intervalChart, Markup, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { IntervalPoint, Panel } from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Metrics } from "../../../methods/optima/metrics.ts";
import { conditionTitle, POLICY_STYLES } from "./names.ts";
import { estimate } from "./over_seeds.ts";
import type { Estimate } from "./over_seeds.ts";
import type { Section } from "./section.ts";

/** Columns of the table of outcomes: metric, heading, whether small is good. */
const COLUMNS: readonly (readonly [string, string, "low" | "high" | "neither"])[] = [
  ["layer_loss", "layer loss", "low"],
  ["layer_loss_equal_flops", "at equal FLOPs", "low"],
  ["image_loss", "image", "low"],
  ["text_loss", "text", "low"],
  ["multimodal_loss", "multimodal", "low"],
  ["caption_loss", "caption loss", "low"],
  ["recall_t2i_10", "R@10 text → image", "high"],
  ["exact_match", "captions exact", "high"],
  ["flops", "FLOPs", "neither"],
];

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
condition; the three module columns show each by itself.</p>${
      metrics.conditions.map((condition) => outcomeTable(metrics, condition))
    }`,
  };
}

function outcomeTable(metrics: Metrics, condition: string): Markup {
  const columns = COLUMNS.filter(([name]) =>
    metrics.policies.some((policy) => valuesOf(metrics, condition, policy, name).length > 0)
  );
  const cells = metrics.policies.map((policy) =>
    columns.map(([name]) => {
      const values = valuesOf(metrics, condition, policy, name);
      return values.length > 0 ? estimate(values) : null;
    })
  );
  const best = columns.map(([, , good], c) => {
    const means = cells.map((row) => row[c]?.value).filter((v) => v !== undefined);
    return good === "neither" ? NaN : good === "low" ? Math.min(...means) : Math.max(...means);
  });
  const matter = metrics.modulesThatMatter[condition];
  return markup`<h3>${conditionTitle(condition)}</h3>${
    matter ? markup`<p class="muted">Modules that matter: ${matter.join(", ")}.</p>` : null
  }<div class="scroll" tabindex="0"><table><thead><tr><th>Policy</th>${
    columns.map(([, heading]) => markup`<th class="n">${heading}</th>`)
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
function shown(e: Estimate): string {
  const value = formatNumber(e.value);
  if (e.high === undefined || value.includes("10")) return value;
  const half = e.high - e.value;
  const places = value.split(".")[1]?.length ?? 0;
  return half === 0 ? value : `${value} ± ${half.toFixed(places)}`;
}

/** Retrieval recalls and captioning loss by policy. */
export function tasksSection(metrics: Metrics): Section | null {
  const retrieval = metrics.conditions.flatMap((condition) =>
    (["t2i", "i2t"] as const).flatMap((way): Panel[] => {
      const points = metrics.policies.flatMap((policy) =>
        [1, 5, 10].flatMap((k) => point(metrics, condition, policy, `recall_${way}_${k}`, `R@${k}`))
      );
      return points.length === 0 ? [] : [{
        title: `${way === "t2i" ? "caption → image" : "image → caption"}, ${condition}`,
        chart: intervalChart({
          label: `Retrieval recall at 1, 5 and 10, ${way}, condition ${condition}, by policy`,
          points,
          styles: POLICY_STYLES,
          xLabel: "recall on held-out items",
          xTickFormat: (x) => `${Math.round(100 * x)} %`,
        }),
      }];
    })
  );
  const captioning = metrics.conditions.flatMap((condition): Panel[] => {
    const points = metrics.policies.flatMap((policy) =>
      point(metrics, condition, policy, "caption_loss")
    );
    return points.length === 0 ? [] : [{
      title: condition,
      chart: intervalChart({
        label: `Held-out captioning loss, condition ${condition}, by policy`,
        points,
        styles: POLICY_STYLES,
        xLabel: "captioning loss, nats per token",
        xTickFormat: (x) => formatNumber(x, 3),
      }),
    }];
  });
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

function point(
  metrics: Metrics,
  condition: string,
  policy: string,
  name: string,
  tag?: string,
): IntervalPoint[] {
  const values = valuesOf(metrics, condition, policy, name);
  return values.length === 0 ? [] : [{ series: policy, tag, ...estimate(values) }];
}

function teacherLine(metrics: Metrics): string {
  const { recall_t2i_10, recall_i2t_10 } = metrics.teacher.metrics;
  if (recall_t2i_10 === undefined || recall_i2t_10 === undefined) return "";
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return ` The teacher's recall at 10 is ${percent(recall_t2i_10)} (caption → image) and ` +
    `${percent(recall_i2t_10)} (image → caption).`;
}
