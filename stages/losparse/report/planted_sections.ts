// The planted study: errors by budget, and whether the weights are as LoSparse supposes.

import {
  figure,
  intervalChart,
  type IntervalPoint,
  lineChart,
  type LinePoint,
  markup,
  type SeriesStyles,
} from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import { halfWidth } from "../../common/half_width.ts";
import type { Section } from "../../common/section.ts";
import type { Compressed } from "../compress.ts";
import { METHOD_NAMES, STRUCTURE_NAMES, STYLES } from "../names.ts";

/** Errors of every method by budget: figures and tables. */
export function errorsSection(all: readonly Compressed[]): Section {
  const panels = all.map(({ structure, results }) => {
    const points = results.filter((r) => r.method !== "dense").map((r): LinePoint => {
      const { value: y, low, high } = estimate(r.outcomes.map(({ error }) => error));
      return {
        series: r.method,
        x: 100 * mean(r.outcomes.map(({ ratio }) => ratio)),
        y,
        low,
        high,
      };
    });
    return {
      title: markup`${STRUCTURE_NAMES[structure]}`,
      chart: lineChart({
        label: `Error by remaining entries, ${STRUCTURE_NAMES[structure]}`,
        points,
        styles: STYLES,
        xLabel: "remaining entries, %",
        yLabel: "held-out error",
        yScale: "log",
        yTickFormat: (y) => formatNumber(y, 2),
      }),
    };
  });
  return {
    id: "errors",
    title: "Planted weights: error by budget",
    html: markup`${
      figure({
        panels,
        legend: [...new Set(all.flatMap(({ results }) => results.map(({ method }) => method)))]
          .filter((method) => method !== "dense").map((method) => STYLES[method]),
        caption: "Squared error on held-out inputs over what zero weights would leave: mean over " +
          "seeds and its 95 % interval. The horizontal axis is what was realised.",
      })
    }${all.map(errorTable)}`,
  };
}

function errorTable({ structure, results }: Compressed) {
  return markup`<h3>${
    STRUCTURE_NAMES[structure]
  }</h3><div class="scroll" tabindex="0"><table><thead><tr>
<th>Method</th><th class="n">budget, ranks</th><th class="n">remaining</th><th class="n">learning rate</th>
<th class="n">error</th><th>each seed</th></tr></thead><tbody>${
    results.map((r) => {
      const errors = r.outcomes.map(({ error }) => error);
      const error = estimate(errors);
      return markup`<tr><td style="white-space:nowrap">${
        METHOD_NAMES[r.method]
      }</td><td class="n">${r.method === "dense" ? "–" : r.rank}</td><td class="n">${
        (100 * mean(r.outcomes.map(({ ratio }) => ratio))).toFixed(1)
      } %</td>
<td class="n">${r.lr}</td><td class="n">${formatNumber(error.value)}${
        halfWidth(error)
      }</td><td><small>${errors.map((e) => formatNumber(e)).join(" ")}</small></td></tr>`;
    })
  }</tbody></table></div>`;
}

/** Low rank and strong neurons of the planted weights. */
export function premiseSection(all: readonly Compressed[]): Section {
  const styles: SeriesStyles = Object.fromEntries(
    all.map(({ structure }, i) => [structure, {
      label: structure.replace("_", " "),
      colour: `var(--series-${i + 1})`,
    }]),
  );
  const panel = (title: string, xLabel: string, f: (c: Compressed) => readonly number[]) => ({
    title: markup`${title}`,
    chart: intervalChart({
      label: title,
      points: all.map((one): IntervalPoint => {
        return { series: one.structure, ...estimate(f(one)) };
      }),
      styles,
      xLabel,
    }),
  });
  return {
    id: "premise",
    title: "Planted weights: is the premise met?",
    html: figure({
      panels: [
        panel(
          "Left by the best approximation of the planted rank",
          "share of the squared norm",
          ({ premises }) => premises.map(({ tail }) => tail),
        ),
        panel(
          "Unevenness of output neurons",
          "kurtosis of their norms",
          ({ premises }) => premises.map(({ kurtosis }) => kurtosis),
        ),
      ],
      caption:
        "LoSparse supposes a coherent part (a small share is left) and a few strong neurons " +
        "(a large kurtosis). First weight of each network; mean over seeds and its 95 % interval.",
    }),
  };
}
