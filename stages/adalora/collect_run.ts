/** Lays the planted results out as error.NEED.rN.METHOD and found.NEED.rN.METHOD, and those of text. */

import type { MetricScope } from "../../methods/stats/estimand.ts";
import type { Run } from "../../pipeline/types.ts";
import type { Adapted } from "./adapt.ts";
import type { collect } from "./collect.ts";
import { textMetrics } from "./text/metrics.ts";

/** One metric of seed number i in one need, by budget and method. */
function metricOf({ results }: Adapted, i: number, metric: "error" | "found"): MetricScope {
  const ranks = [...new Set(results.map(({ rank }) => rank))];
  return Object.fromEntries(ranks.map((rank) => [
    `r${rank}`,
    Object.fromEntries(
      results.filter((r) => r.rank === rank).map((r) => [r.method, r.outcomes[i][metric]]),
    ),
  ]));
}

export const run: Run<typeof collect> = async ({ inputs, outputs }) => {
  const all = await Promise.all(inputs.adapted.map((one) => one.read()));
  const byNeed = (i: number, metric: "error" | "found") =>
    Object.fromEntries(all.map((one) => [one.need, metricOf(one, i, metric)]));
  const replicates = all[0].seeds.map((seed, i) => ({
    seed,
    scope: { error: byNeed(i, "error"), found: byNeed(i, "found") },
  }));
  const text = await Promise.all(inputs.tuned.map((one) => one.read()));
  await outputs.studies.write({
    planted_updates: { replicates },
    real_text: { replicates: textMetrics(text) },
  });
  await outputs.all.write(all);
  await outputs.text.write(text);
};
