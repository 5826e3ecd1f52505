/** The tables of the main experiment: mean losses, and the differences behind P1, P2 and P3. */

import { Markup, markup } from "../../../methods/plot/mod.ts";
import type { StudyResult } from "../../../methods/preference_bandits/rating_study.ts";
import { bootstrapInterval, mean, pairedDifferences } from "../../../methods/stats/mod.ts";
import type { AllResults } from "../collect.ts";
import { saturationName } from "../conditions.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";
import { estimateAt, sizeText } from "./over_blocks.ts";

/** The differences behind P1, P2 and P3, with intervals from resampled blocks. */
export function differenceTable(
  { ratings, preferences }: AllResults,
  config: PreferenceBanditsConfig,
): Markup {
  const { saturations, sizes } = config.crossing;
  const strongest = Math.max(...saturations);
  const of = (result: StudyResult, measure: string, at: number) =>
    result.blocks.map((block) => block[at][measure]);
  const rating = (k: number, at: number) => of(ratings.crossing[saturationName(k)], "lcb", at);
  const preference = (k: number, at: number) =>
    of(preferences.crossing[saturationName(k)], "pessimistic", at);
  const rows = [
    {
      title: `P1: ratings (k = ${strongest}) − unbiased preferences`,
      values: (at: number) => pairedDifferences(rating(strongest, at), preference(0, at)),
    },
    ...saturations.map((k) => ({
      title: `${k === 3 ? "P2" : k === 0 ? "P3" : "as P2"}: preferences − ratings, k = ${k}`,
      values: (at: number) => pairedDifferences(preference(k, at), rating(k, at)),
    })),
  ];
  return markup`<p>Differences of mean SubOpt, with 95 % bootstrap intervals over blocks.</p>
<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr><th>Difference</th>${
    sizes.map((n) => markup`<th class="n">n = ${sizeText(n)}</th>`)
  }</tr></thead><tbody>${
    rows.map(({ title, values }) =>
      markup`<tr><td>${title}</td>${
        sizes.map((_, at) => {
          const sample = values(at);
          const [low, high] = bootstrapInterval(sample, mean, { draws: 2000, seed: at });
          const text = (x: number) => x.toFixed(3).replace("-", "−").replace("−0.000", "0.000");
          return markup`<td class="n">${text(mean(sample))}<br><small>${text(low)} to ${
            text(high)
          }</small></td>`;
        })
      }</tr>`
    )
  }</tbody></table></div>`;
}

/** Mean losses by sample size, route and bias. */
export function lossTable(
  { ratings, preferences }: AllResults,
  config: PreferenceBanditsConfig,
): Markup {
  const { saturations, sizes } = config.crossing;
  const routes = [
    {
      heading: "ratings, LCB",
      measure: "lcb",
      results: ratings.crossing,
      last: ["reversing", "reversed"],
    },
    {
      heading: "preferences, pessimistic MLE",
      measure: "pessimistic",
      results: preferences.crossing,
      last: ["coin", "coins"],
    },
  ] as const;
  const columns = routes.flatMap(({ measure, results, last: [name, heading] }) => [
    ...saturations.map((k) => ({
      heading: `k = ${k}`,
      result: results[saturationName(k)],
      measure,
    })),
    { heading, result: results[name], measure },
  ]);
  return markup`<p>Mean SubOpt. Bold: below a twentieth of the coin-flip loss.</p>
<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr><th></th>${
    routes.map(({ heading }) =>
      markup`<th colspan="${saturations.length + 1}" style="text-align:center">${heading}</th>`
    )
  }</tr><tr><th class="n">n</th>${
    columns.map(({ heading }) => markup`<th class="n">${heading}</th>`)
  }</tr></thead><tbody>${
    sizes.map((n, at) =>
      markup`<tr><td class="n">${sizeText(n)}</td>${
        columns.map(({ result, measure }) => {
          const { value } = estimateAt(result, measure, at);
          const text = value === 0 ? "0" : value.toFixed(4);
          const low = value < 0.05 * config.bandit.gap / 2;
          return markup`<td class="n">${low ? markup`<b>${text}</b>` : text}</td>`;
        })
      }</tr>`
    )
  }</tbody></table></div>
<p class="muted">Reversed: the transform turns the order of rewards around. Coins: every comparison is a fair coin. Per-block numbers of every study are in <code>results.json</code> beside the report. Greedy
choice by the MLE gives the same losses as pessimistic choice here: with two arms that are compared with
each other, both have the same penalty.</p>`;
}
