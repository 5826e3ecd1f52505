/** Sections about rates: parameter error, loss in the worst case and on a fixed instance, C*. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { LinePoint, Panel } from "../../../methods/plot/mod.ts";
import { lcbWorstCase } from "../../../methods/preference_bandits/theory.ts";
import type { Studies } from "../../../methods/stats/claims.ts";
import type { MetricScope } from "../../../methods/stats/estimand.ts";
import { bootstrapInterval, estimate, mean } from "../../../methods/stats/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Section } from "../../common/section.ts";
import type { AllResults } from "../collect.ts";
import { partName } from "../conditions.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import { curve, decadeTick, denseTick, estimateAt, positive, theoryCurve } from "./over_blocks.ts";
import { STYLES } from "./styles.ts";

const LOG = {
  xScale: "log",
  yScale: "log",
  xTickFormat: decadeTick,
  yTickFormat: decadeTick,
} as const;

/** Power laws: measured exponents with bootstrap intervals, and the curves behind them. */
export function ratesSection(
  results: AllResults,
  studies: Studies,
  config: PreferenceBanditsConfig,
): Section {
  const linear = results.preferences.linear.random;
  const { sizes } = linear;
  const worstRatings = results.ratings.worst_case.shrinking;
  const worstPreferences = results.preferences.worst_case.shrinking;
  const through = (result: typeof linear, measure: string, power: number, series = "theory") => {
    const anchor = estimateAt(result, measure, result.sizes.length - 1).value;
    const last = result.sizes[result.sizes.length - 1];
    return theoryCurve(result.sizes, series, (n) => anchor * (n / last) ** power);
  };
  const { dimensions } = config;
  const panels: Panel[] = [
    {
      title: `Parameter error, d = ${config.linear.dimension}`,
      chart: lineChart({
        label: "Mean parameter error against n, with the power −1/2",
        points: [...curve(linear, "error", "error"), ...through(linear, "error", -0.5)],
        styles: STYLES,
        xLabel: "comparisons n",
        yLabel: "mean ‖θ̂ − θ*‖ in the norm of Σ",
        ...LOG,
      }),
    },
    {
      title: `Squared error against d, n = ${dimensions.size}`,
      chart: lineChart({
        label: "Squared parameter error against the dimension, with 4d/n",
        points: [
          ...dimensions.values.map((d): LinePoint => {
            const result = results.preferences.dimensions[partName("d", d)];
            const { value, low, high } = estimateAt(result, "squared_error", 0);
            return { series: "error", x: d, y: value, low, high };
          }),
          ...theoryCurve(dimensions.values, "theory", (d) => 4 * d / dimensions.size),
        ],
        styles: STYLES,
        xLabel: "dimension d",
        yLabel: "mean squared error",
        ...LOG,
        xTickFormat: (x) => dimensions.values.includes(x) ? `${x}` : "",
      }),
    },
    {
      title: "Worst case: gaps c/√n",
      chart: lineChart({
        label: "Loss against n with gaps that shrink as 1/√n, with the power −1/2",
        points: [
          ...curve(worstRatings, "lcb", "ratings"),
          ...curve(worstPreferences, "pessimistic", "preferences"),
          ...through(worstRatings, "lcb", -0.5, "ratings_theory"),
          ...through(worstPreferences, "pessimistic", -0.5, "preferences_theory"),
        ],
        styles: STYLES,
        xLabel: "samples n",
        yLabel: "mean SubOpt",
        ...LOG,
      }),
    },
    {
      title: "A fixed random instance",
      chart: lineChart({
        label: "Loss against n on a fixed random linear instance, by learner, with the power −1",
        points: [
          ...positive(curve(linear, "greedy", "greedy")),
          ...positive(curve(linear, "tenth", "tenth")),
          ...positive(curve(linear, "pessimistic", "preferences")),
          ...through(linear, "greedy", -1),
        ],
        styles: STYLES,
        xLabel: "comparisons n",
        yLabel: "mean SubOpt",
        ...LOG,
      }),
    },
  ];
  const exponents = [
    ["parameter error in n", "linear", ["slope", "error"], "−1/2"],
    ["squared parameter error in d", "dimensions", ["scaling"], "1"],
    ["worst case, LCB on ratings", "worst_case", ["slope", "ratings", "lcb"], "−1/2"],
    [
      "worst case, pessimistic MLE",
      "worst_case",
      ["slope", "preferences", "pessimistic"],
      "−1/2",
    ],
    ["fixed instance, greedy MLE", "linear", ["slope", "greedy"], "−1"],
  ] as const;
  const names = ["ratings", "preferences", "greedy", "tenth", "error", "theory"];
  const reached = estimateAt(linear, "reached", sizes.length - 1).value;
  return {
    id: "rates",
    title: "Rates",
    html: markup`${
      figure({
        panels,
        legend: names.map((name) => styleOf(STYLES, name)),
        caption:
          markup`Logarithmic axes; mean over blocks and its 95 % interval. Dotted: the predicted
power through the last point, except for d, where it is 4d/n without a fit. The radius of the confidence set
is that of the worst case: on a random instance, where all pairs are compared equally
often, pessimism with it is too cautious to leave its reference policy at these n.`,
      })
    }<div class="scroll" tabindex="0"><table><thead><tr><th>Exponent</th><th class="n">Theory</th><th class="n">Measured</th><th class="n">95 % bootstrap interval</th></tr></thead><tbody>${
      exponents.map(([title, study, path, theory]) => {
        const values = valuesOf(studies, study, path);
        const [low, high] = bootstrapInterval(values, mean, { seed: 1 });
        return markup`<tr><td>${title}</td><td class="n">${theory}</td><td class="n">${
          formatNumber(mean(values))
        }</td><td class="n">${formatNumber(low)} to ${formatNumber(high)}</td></tr>`;
      })
    }</tbody></table></div><p class="muted">Each block gives one fit; the bootstrap resamples blocks. The search for the
pessimistic policy over ${config.linear.contexts} contexts is a local one: at the largest n it reached at least the
pessimistic value of the best policy in ${formatNumber(100 * reached, 3)} % of data sets.</p>`,
  };
}

/** One metric of every block. */
export function valuesOf(studies: Studies, study: string, path: readonly string[]): number[] {
  return studies[study].replicates.map(({ scope }) => {
    const value = path.reduce<MetricScope[string]>(
      (here, name) => typeof here === "object" ? here[name] : undefined,
      scope,
    );
    if (typeof value !== "number") throw new Error(`no metric ${path.join(".")} in ${study}`);
    return value;
  });
}

/** The worst loss over gaps against C*. */
export function concentrabilitySection(
  studies: Studies,
  config: PreferenceBanditsConfig,
): Section {
  const { values, size, gaps } = config.concentrability;
  const points = (measure: string, series: string) =>
    values.map((value): LinePoint => {
      const at = valuesOf(studies, "concentrability", ["worst", measure, partName("c", value)]);
      const { value: y, low, high } = estimate(at);
      return { series, x: value, y, low, high };
    });
  const { contexts, sigma } = config.bandit;
  const bound = (value: number) => lcbWorstCase({ contexts, sigma, ...config.lcb }, value, size);
  return {
    id: "concentrability",
    title: "Concentrability",
    html: figure({
      panels: [{
        title: `Largest loss over gaps, n = ${size}`,
        chart: lineChart({
          label: "Largest SubOpt over gaps against C*, for LCB and for choice by mean ratings",
          points: [
            ...positive(points("lcb", "ratings")),
            ...positive(points("mean", "mean")),
            ...theoryCurve(values, "bound", bound),
          ],
          styles: STYLES,
          xLabel: "C*: the best arm gets one rating in C*",
          yLabel: "largest mean SubOpt",
          ...LOG,
          xTickFormat: denseTick,
        }),
      }],
      legend: ["ratings", "mean", "bound"].map((name) => styleOf(STYLES, name)),
      caption: markup`The largest mean loss over gaps c/√n with c in ${
        gaps.join(", ")
      }, without bias. Where logging is nearly optimal, pessimism gains a great deal; where logging rarely takes the
best arm, it costs. At C* = 2 both arms are logged alike and have the same penalty.`,
    }),
  };
}
