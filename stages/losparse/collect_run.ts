/** Lays the planted results out as error.STRUCTURE.rN.METHOD of each seed, and those of text. */

import type { MetricScope } from "../../methods/stats/estimand.ts";
import type { Run } from "../../pipeline/types.ts";
import type { collect } from "./collect.ts";
import type { Compressed } from "./compress.ts";
import { premiseMetrics, textMetrics } from "./text/metrics.ts";

/** The errors of seed number i in one structure, by budget and method. */
function errorsOf({ results }: Compressed, i: number): MetricScope {
  const ranks = [...new Set(results.map(({ rank }) => rank))];
  return Object.fromEntries(ranks.map((rank) => [
    `r${rank}`,
    Object.fromEntries(
      results.filter((r) => r.rank === rank).map((r) => [r.method, r.outcomes[i].error]),
    ),
  ]));
}

export const run: Run<typeof collect> = async ({ inputs, params, outputs }) => {
  const all = await Promise.all(inputs.compressed.map((one) => one.read()));
  const replicates = all[0].seeds.map((seed, i) => ({
    seed,
    scope: { error: Object.fromEntries(all.map((one) => [one.structure, errorsOf(one, i)])) },
  }));
  const text = await Promise.all(inputs.texts.map((one) => one.read()));
  const premises = await inputs.premises.read(), noise = await inputs.noise.read();
  await outputs.studies.write({
    planted_networks: { replicates },
    real_text: { replicates: textMetrics(text, params.averaged) },
    real_weights: { replicates: premiseMetrics(premises, noise, params.premiseRatio) },
  });
  await outputs.all.write(all);
  await outputs.text.write(text);
};
