/** The main experiment repeated on random bandits with more arms. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { Panel } from "../../../methods/plot/mod.ts";
import type { Section } from "../../common/section.ts";
import type { AllResults } from "../collect.ts";
import { saturationName } from "../conditions.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import { curve, decadeTick, plainTick, within } from "./over_blocks.ts";
import { STYLES } from "./styles.ts";

/** Loss by sample size over random bandits: P1, then each bias on both routes. */
export function banditsSection(results: AllResults, config: PreferenceBanditsConfig): Section {
  const { contexts, arms, saturations } = config.bandits;
  const strongest = Math.max(...saturations);
  const pairings = [
    {
      title: `P1: biased ratings (k = ${strongest}), unbiased preferences`,
      ratings: strongest,
      preferences: 0,
    },
    ...saturations.map((k) => ({
      title: k === 0 ? "P3: no bias" : `P2: the same bias, k = ${k}`,
      ratings: k,
      preferences: k,
    })),
  ];
  const yDomain = [0, 0.3] as const;
  const panels = pairings.map(({ title, ratings, preferences }): Panel => ({
    title,
    chart: lineChart({
      label: `Mean SubOpt against n on random bandits: ${title}`,
      points: within([
        ...curve(results.ratings.bandits[saturationName(ratings)], "lcb", "ratings"),
        ...curve(
          results.preferences.bandits[saturationName(preferences)],
          "pessimistic",
          "preferences",
        ),
        ...curve(results.preferences.bandits[saturationName(preferences)], "greedy", "greedy"),
      ], yDomain),
      styles: STYLES,
      xLabel: "samples n",
      yLabel: "mean SubOpt",
      xScale: "log",
      xTickFormat: decadeTick,
      yDomain,
      yTickFormat: plainTick,
    }),
  }));
  return {
    id: "bandits",
    title: "Random bandits with more arms",
    html: figure({
      panels,
      legend: ["ratings", "preferences", "greedy"].map((name) => styleOf(STYLES, name)),
      caption:
        markup`${contexts} contexts, ${arms} arms with rewards uniform on [0, 1], another bandit in each of
${config.blocks} blocks; ratings of noise ${config.bandit.sigma}, all pairs of arms compared equally often. Mean over bandits and
its 95 % interval. The parameter has ${
          contexts * (arms - 1)
        } free coordinates, so preferences need more
samples to begin with.`,
    }),
  };
}
