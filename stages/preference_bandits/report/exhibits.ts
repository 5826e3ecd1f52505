/** Sections of what moves the crossing: saturation, noise that grows with reward, the price of a comparison. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { LinePoint, Panel } from "../../../methods/plot/mod.ts";
import { preferenceHalving, ratingHalving } from "../../../methods/preference_bandits/theory.ts";
import type { Studies } from "../../../methods/stats/claims.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import { bootstrapInterval, estimate, mean } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import type { AllResults } from "../collect.ts";
import { partName, saturationName, seenGap } from "../conditions.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import {
  curve,
  decadeTick,
  denseTick,
  estimateAt,
  plainTick,
  sizeText,
  within,
} from "./over_blocks.ts";
import { valuesOf } from "./rates.ts";
import { STYLES } from "./styles.ts";

/** n½ against the gap that saturation leaves, with the law and the fitted exponents. */
export function saturationSection(studies: Studies, config: PreferenceBanditsConfig): Section {
  const { saturations } = config.saturationLaw;
  const { contexts, sigma } = config.bandit;
  const predicted = {
    ratings: (seenGap: number) => ratingHalving({ contexts, seenGap }, sigma),
    preferences: (seenGap: number) => preferenceHalving({ contexts, seenGap }),
  };
  const routes = ["ratings", "preferences"] as const;
  const measured = (route: (typeof routes)[number], k: number) =>
    estimate(valuesOf(studies, "saturation_law", ["law", route, "half", saturationName(k)]));
  const points = routes.flatMap((route): LinePoint[] => [
    ...saturations.map((k) => {
      const { value, low, high } = measured(route, k);
      return { series: route, x: 1 / seenGap(config, k), y: value, low, high };
    }),
    ...saturations.map((k) => ({
      series: `${route}_theory`,
      x: 1 / seenGap(config, k),
      y: predicted[route](seenGap(config, k)),
    })),
  ]);
  const exponentOf = (route: string) => {
    const values = valuesOf(studies, "saturation_law", ["law", route, "exponent"]);
    const [low, high] = bootstrapInterval(values, mean, { seed: 1 });
    return `${formatNumber(mean(values))} (${formatNumber(low)} to ${formatNumber(high)})`;
  };
  return {
    id: "saturation",
    title: "How saturation moves the crossing",
    html: markup`${
      figure({
        panels: [{
          title: "Samples until half of the coin-flip loss is left",
          chart: lineChart({
            label: "n½ against the inverse of the gap of transformed rewards, by route",
            points,
            styles: STYLES,
            xLabel: "1/gap, the inverse of what saturation leaves of it",
            yLabel: "n½",
            xScale: "log",
            yScale: "log",
            xTickFormat: decadeTick,
            yTickFormat: decadeTick,
          }),
        }, {
          title: "Measured over predicted",
          chart: lineChart({
            label: "Measured over predicted n½ against the inverse of the gap, by route",
            points: within(
              routes.flatMap((route) =>
                saturations.map((k): LinePoint => {
                  const { value, low, high } = measured(route, k);
                  const x = 1 / seenGap(config, k);
                  const by = predicted[route](seenGap(config, k));
                  const over = (y?: number) => y === undefined ? undefined : y / by;
                  return { series: route, x, y: value / by, low: over(low), high: over(high) };
                })
              ),
              [0.5, 1.5],
            ),
            styles: STYLES,
            xLabel: "1/gap",
            yLabel: "measured n½ over predicted",
            xScale: "log",
            xTickFormat: decadeTick,
            yDomain: [0.5, 1.5],
            yTickFormat: plainTick,
            reference: 1,
          }),
        }],
        legend: ["ratings", "preferences", "ratings_theory", "preferences_theory"].map((name) =>
          styleOf(STYLES, name)
        ),
        caption:
          markup`Left: the law n½ ∝ (noise/gap)². Fitted exponents with 95 % bootstrap intervals: ratings ${
            exponentOf("ratings")
          }, equally biased preferences ${
            exponentOf("preferences")
          }. Right: the same, divided by the prediction, in which no constant is fitted.`,
      })
    }<div class="scroll" tabindex="0"><table><thead><tr><th class="n">k</th><th class="n">gap left of ${config.bandit.gap}</th>${
      routes.map((route) => markup`<th class="n">${route}, n½</th><th class="n">predicted</th>`)
    }</tr></thead><tbody>${
      saturations.map((k) =>
        markup`<tr><td class="n">${k}</td><td class="n">${
          formatNumber(seenGap(config, k), 2)
        }</td>${
          routes.map((route) =>
            markup`<td class="n">${
              sizeText(Math.round(measured(route, k).value))
            }</td><td class="n">${sizeText(Math.round(predicted[route](seenGap(config, k))))}</td>`
          )
        }</tr>`
      )
    }</tbody></table></div>`,
  };
}

/** LCB where good arms are noisier. */
export function noiseSection({ ratings }: AllResults, config: PreferenceBanditsConfig): Section {
  const { exponents, gap, sigma, sizes } = config.rewardNoise;
  const panels = exponents.map((q): Panel => {
    const result = ratings.reward_noise[partName("q", q)];
    return {
      title: q === 0
        ? "q = 0: equal noise"
        : `q = ${q}: the worse arm has ${
          formatNumber((config.bandit.top - gap) ** q, 2)
        } of the noise`,
      chart: lineChart({
        label: `Mean SubOpt against n with noise σ r^${q}, by learner`,
        points: within([
          ...curve(result, "lcb", "own"),
          ...(q === 0 ? [] : curve(result, "common", "common")),
          ...curve(result, "mean", "mean"),
        ], [0, gap]),
        styles: STYLES,
        xLabel: "ratings n",
        yLabel: "mean SubOpt",
        xScale: "log",
        xTickFormat: decadeTick,
        xDomain: [sizes[0], sizes[sizes.length - 1]],
        yDomain: [0, gap],
        yTickFormat: plainTick,
        reference: gap / 2,
      }),
    };
  });
  return {
    id: "noise",
    title: "Noise that grows with the reward",
    html: figure({
      panels,
      legend: ["own", "common", "mean"].map((name) => styleOf(STYLES, name)),
      caption: markup`Rewards ${config.bandit.top} and ${
        formatNumber(config.bandit.top - gap, 2)
      }, σ(r) = ${sigma} r^q, no bias. With larger q there is less noise, and choice by mean ratings gains; LCB that is
told each arm's scale penalises the better, noisier arm more, and loses more than a coin flip.`,
    }),
  };
}

/** How noisy a rating must be to be worth no more than a comparison. */
export function priceSection(results: AllResults, config: PreferenceBanditsConfig): Section {
  const { sigmas, size } = config.price;
  const { value, low, high } = estimateAt(results.preferences.price.unbiased, "greedy", 0);
  const ofSigma = (measure: string, series: string, at: number) =>
    sigmas.map((sigma): LinePoint => {
      const e = estimateAt(results.ratings.price[partName("sigma", sigma)], measure, at);
      return { series, x: sigma, y: e.value, low: e.low, high: e.high };
    });
  return {
    id: "price",
    title: "What one comparison is worth",
    html: figure({
      panels: [{
        title: `No bias, ${size} comparisons`,
        chart: lineChart({
          label: "Mean SubOpt against rating noise, beside that of preferences",
          points: within([
            ...ofSigma("lcb", "ratings", 0),
            ...ofSigma("mean", "mean", 0),
            ...ofSigma("mean", "twice", 1),
            ...sigmas.map((x) => ({ series: "greedy", x, y: value, low, high })),
          ], [0, config.bandit.gap / 2]),
          styles: STYLES,
          xLabel: "standard deviation σ of a rating",
          yLabel: "mean SubOpt",
          xScale: "log",
          xTickFormat: denseTick,
          yDomain: [0, config.bandit.gap / 2],
          yTickFormat: plainTick,
        }),
      }],
      legend: ["ratings", "mean", "twice", "greedy"].map((name) => styleOf(STYLES, name)),
      caption:
        markup`P2 and P3 take one rating and one comparison for one sample, and a rating noise of ${config.bandit.sigma}. The
estimated gap of a context has variance 4σ²/N from N ratings and about 4/N from N comparisons: they are
worth the same at σ = 1, and at σ = √2 when a comparison costs two ratings. Beyond that noise preferences
are better, without any bias.`,
    }),
  };
}
