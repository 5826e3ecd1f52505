/** Sections about guarantees: validity of the bounds, greedy against pessimistic, the estimates. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { StudyResult } from "../../../methods/preference_bandits/rating_study.ts";
import { mean } from "../../../methods/stats/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Section } from "../../common/section.ts";
import type { AllResults } from "../collect.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import { curve, decadeTick, plainTick, sizeText, within } from "./over_blocks.ts";
import { STYLES } from "./styles.ts";

/** Shares of data sets within their bounds, with and without bias. */
export function validitySection(results: AllResults, config: PreferenceBanditsConfig): Section {
  const { validity, lcb, mle } = config;
  const share = (result: StudyResult, measure: string) =>
    `${formatNumber(100 * mean(result.blocks.map((b) => b[0][measure])), 3)} %`;
  const { ratings: { validity: ratings }, preferences: { validity: preferences } } = results;
  const rows = [
    ["SubOpt within the bound of LCB", ratings, "lcb_bound", validity.ratings, lcb.delta],
    [
      "SubOpt within the bound of pessimistic MLE",
      preferences,
      "bound",
      validity.preferences,
      mle.delta,
    ],
    ["Confidence set holds θ* of h̄∘r", preferences, "covered", validity.preferences, mle.delta],
    [
      "Asymptotic ellipsoid holds θ* of h̄∘r",
      preferences,
      "wald",
      validity.preferences,
      mle.delta,
    ],
  ] as const;
  return {
    id: "validity",
    title: "Are the bounds valid, and can they fail?",
    html: markup`<div class="scroll" tabindex="0"><table><thead><tr><th>Share of ${
      validity.dataSets.toLocaleString("en-US")
    } data sets</th><th class="n">n</th><th class="n">promised</th><th class="n">no bias</th><th class="n">k = ${validity.saturation}</th></tr></thead><tbody>${
      rows.map(([title, of, measure, n, delta]) =>
        markup`<tr><td>${title}</td><td class="n">${sizeText(n)}</td><td class="n">${
          measure === "wald" ? "" : "≥ "
        }${formatNumber(100 * (1 - delta), 2)} %</td><td class="n">${
          share(of.unbiased, measure)
        }</td><td class="n">${share(of.biased, measure)}</td></tr>`
      )
    }</tbody></table></div><p>Bounds of the worst case are never exceeded without bias: they are loose. The ellipsoid
of the asymptotic theory is not, and its share is what it should be. Under bias the confidence set still
holds the parameter that the data are about, that of the transformed reward; the bound on the loss of true
reward fails, as it must.</p>`,
  };
}

/** Greedy against pessimistic choice on four actions. */
export function fourActionsSection({ preferences }: AllResults): Section {
  const yDomain = [0, 0.4] as const;
  const chart = (condition: "trap" | "balanced", title: string) => ({
    title,
    chart: lineChart({
      label: `Mean SubOpt against n on the four-action instance, ${condition}`,
      points: within([
        ...curve(preferences.four_actions[condition], "greedy", "greedy"),
        ...curve(preferences.four_actions[condition], "pessimistic", "preferences"),
      ], yDomain),
      styles: STYLES,
      xLabel: "comparisons n",
      yLabel: "mean SubOpt",
      xScale: "log",
      xTickFormat: decadeTick,
      yDomain,
      yTickFormat: plainTick,
      reference: 0.1,
    }),
  });
  return {
    id: "pessimism",
    title: "Greedy against pessimistic choice",
    html: figure({
      panels: [
        chart("trap", "One of the two pairs is compared once"),
        chart("balanced", "Control: both are compared equally often"),
      ],
      legend: ["greedy", "preferences"].map((name) => styleOf(STYLES, name)),
      caption:
        markup`Four actions of rewards −0.9, −1, 0 and 0.1. Theorem 3.9 of Zhu, Jordan and Jiao (2023) states
that an instance exists on which greedy choice loses at least 0.1 (dotted) for every n; this one was
reconstructed from the mechanism, not taken from their text. Pessimism avoids the action that it knows
from one comparison, and stays with its reference (a loss of 0.1) until its confidence set is small enough. In
the control that caution is all cost.`,
    }),
  };
}

/** How far the two estimators differ. */
export function estimatesSection(
  { agreement }: AllResults,
  config: PreferenceBanditsConfig,
): Section {
  const total = agreement.reduce((sum, a) => sum + a.dataSets, 0);
  const studies = agreement.filter((a) => a.dataSets > 0);
  return {
    id: "estimates",
    title: "Two estimators, one estimate",
    html:
      markup`<p>The likelihood is maximised over ‖θ‖ ≤ ${config.mle.ball} by an ONNX training program
(${config.mle.steps} projected, accelerated gradient steps, one program for all data sets by <code>vmap</code>) and, on
${total.toLocaleString("en-US")} of the data sets, by Newton's method in plain TypeScript. Largest
difference of a coordinate; the last column is the program stopped early, to show that the comparison can
fail. The four-action data are estimated by Newton's method alone: their curvatures differ by the factor n.</p>
<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr><th>Study and condition</th><th class="n">data sets</th><th class="n">on the boundary</th><th class="n">difference</th><th class="n">stopped early</th></tr></thead><tbody>${
        studies.map((a) =>
          markup`<tr><td>${a.study}, ${a.condition}</td><td class="n">${
            a.dataSets.toLocaleString("en-US")
          }</td><td class="n">${a.onBoundary.toLocaleString("en-US")}</td><td class="n">${
            formatNumber(Math.max(...a.program), 2)
          }</td><td class="n">${formatNumber(Math.max(...a.stopped), 2)}</td></tr>`
        )
      }</tbody></table></div>`,
  };
}
