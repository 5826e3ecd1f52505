/** The main figure: loss against sample size by route and bias, with theory, and its table. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { Panel } from "../../../methods/plot/mod.ts";
import {
  preferenceSuboptimality,
  ratingSuboptimality,
} from "../../../methods/preference_bandits/theory.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Section } from "../../common/section.ts";
import type { AllResults } from "../collect.ts";
import { saturationName, seenGap } from "../conditions.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import { curve, decadeTick, plainTick, theoryCurve, within } from "./over_blocks.ts";
import { differenceTable, lossTable } from "./crossing_tables.ts";
import { STYLES } from "./styles.ts";

/** Ratings with one bias beside preferences with the same or another. */
interface Pairing {
  readonly title: string;
  readonly ratings: number;
  readonly preferences: number;
}

function pairingsOf({ crossing: { saturations } }: PreferenceBanditsConfig): Pairing[] {
  const strongest = Math.max(...saturations);
  // The biases of P2 and P3 first, as in the claims.
  const inOrder = saturations.toSorted((a, b) => rank(a) - rank(b));
  return [
    {
      title: `P1: biased ratings (k = ${strongest}), unbiased preferences`,
      ratings: strongest,
      preferences: 0,
    },
    ...inOrder.map((k) => ({
      title: k === 0 ? "P3: no bias" : `${k === 3 ? "P2: the" : "The"} same bias, k = ${k}`,
      ratings: k,
      preferences: k,
    })),
  ];
}

const rank = (k: number) => k === 3 ? -1 : k;

/** Loss by sample size, one panel for each pairing of biases. */
export function crossingSection(results: AllResults, config: PreferenceBanditsConfig): Section {
  const { ratings: { crossing: ratings }, preferences: { crossing: preferences } } = results;
  const { contexts, gap, sigma } = config.bandit;
  const view = (k: number) => ({ contexts, gap, seenGap: seenGap(config, k) });
  const yDomain = [0, 0.6 * gap] as const;
  const panels = [
    ...pairingsOf(config).map((p): Panel => ({
      title: p.title,
      chart: lineChart({
        label: `Mean SubOpt against n: ${p.title}`,
        points: within([
          ...curve(ratings[saturationName(p.ratings)], "lcb", "ratings"),
          ...curve(preferences[saturationName(p.preferences)], "pessimistic", "preferences"),
          ...theoryCurve(
            config.crossing.sizes,
            "ratings_theory",
            (n) => ratingSuboptimality(view(p.ratings), sigma, n),
          ),
          ...theoryCurve(
            config.crossing.sizes,
            "preferences_theory",
            (n) => preferenceSuboptimality(view(p.preferences), n),
          ),
        ], yDomain),
        styles: STYLES,
        xLabel: "samples n: ratings, or comparisons",
        yLabel: "mean SubOpt",
        xScale: "log",
        xTickFormat: decadeTick,
        yDomain,
        yTickFormat: plainTick,
        reference: gap / 2,
      }),
    })),
    matchedPanel(results, config),
  ];
  const names = [
    "ratings",
    "preferences",
    "ratings_theory",
    "preferences_theory",
    "unbiased",
  ];
  return {
    id: "crossing",
    title: "Ratings against preferences",
    html: markup`${
      figure({
        panels,
        legend: names.map((name) => styleOf(STYLES, name)),
        caption: markup`${contexts} contexts, two arms of rewards ${config.bandit.top} and ${
          formatNumber(config.bandit.top - gap, 2)
        }, C* = 2, rating noise ${sigma}; ratings have the mean tanh(kr)/tanh(k). Mean over blocks and its
95 % interval. The dotted horizontal is the loss of a coin flip. Theory is the normal approximation of
choice by mean ratings, and of choice by the MLE; nothing in it is fitted. In the last panel each n
has its own saturation, which leaves ${config.matched.gap}/√n of the gap: ratings and equally biased preferences stay where they
are. There the dotted lines are also the least that any learner can lose from such data, averaged over which
arm is better in which context: comparing means, or counting wins, is the likelihood-ratio test. LCB is above
its line at small n, where uneven counts give uneven penalties.`,
      })
    }${lossTable(results, config)}${differenceTable(results, config)}`,
  };
}

/** Loss by sample size when the saturation is matched to n. */
function matchedPanel(results: AllResults, config: PreferenceBanditsConfig): Panel {
  const { sizes, gap: c } = config.matched;
  const { contexts, gap, sigma } = config.bandit;
  const ratings = results.ratings.matched, preferences = results.preferences.matched;
  const yDomain = [0, 0.6 * gap] as const;
  const view = (n: number) => ({ contexts, gap, seenGap: c / Math.sqrt(n) });
  return {
    title: `P1, P2: a bias matched to n, and unbiased preferences`,
    chart: lineChart({
      label: "Mean SubOpt against n when the saturation is matched to n",
      points: within([
        ...sizes.flatMap((n) => curve(ratings[`n${n}`], "lcb", "ratings")),
        ...sizes.flatMap((n) => curve(preferences[`n${n}`], "pessimistic", "preferences")),
        ...curve(preferences.unbiased, "pessimistic", "unbiased"),
        ...theoryCurve(sizes, "ratings_theory", (n) => ratingSuboptimality(view(n), sigma, n)),
        ...theoryCurve(sizes, "preferences_theory", (n) => preferenceSuboptimality(view(n), n)),
      ], yDomain),
      styles: STYLES,
      xLabel: "samples n",
      yLabel: "mean SubOpt",
      xScale: "log",
      xTickFormat: decadeTick,
      yDomain,
      yTickFormat: plainTick,
      reference: gap / 2,
    }),
  };
}
