/** Metrics of the study on text, as the claims name them. */

import type { SeedMetrics } from "../../../methods/stats/estimand.ts";
import { mean } from "../../../methods/stats/mod.ts";
import { metricScope } from "../../common/metric_scope.ts";
import { WHOLE } from "../../common/whole.ts";
import type { CompressedText } from "./compress_text.ts";
import type { MapPremise } from "./decompose.ts";

/**
 * accuracy.TASK.BUDGET.METHOD and loss.TASK.BUDGET.METHOD of test texts, accuracy in percent; `dense`
 * stands at every budget. TASK `mean` is the mean over the tasks `averaged`, of what was run on all of them.
 */
export function textMetrics(
  compressed: readonly CompressedText[],
  averaged: readonly string[],
): SeedMetrics[] {
  const budgets = [...new Set(compressed.map(({ budget }) => budget))].filter((b) => b !== WHOLE);
  return compressed[0].seeds.map((seed, i) => {
    const measured = compressed.flatMap(({ task, budget: own, method, outcomes }) => {
      const { accuracy, loss } = outcomes[i], metrics = { accuracy: 100 * accuracy, loss };
      return (own === WHOLE ? budgets : [own]).map((budget) => ({ task, budget, method, metrics }));
    });
    return { seed, scope: metricScope(measured, averaged) };
  });
}

/**
 * tail: what the best approximation with `ratio` of a map's entries leaves of its squared norm; kurtosis
 * of its rows' norms. noise.tail and noise.kurtosis are those of independent entries of the same shapes.
 * One replicate for each layer, the mean over its maps.
 */
export function premiseMetrics(
  premises: readonly MapPremise[],
  noise: readonly MapPremise[],
  ratio: number,
): SeedMetrics[] {
  const tailOf = ({ tails, shape: [inputs, outputs] }: MapPremise) =>
    tails[Math.round(ratio * inputs * outputs / (inputs + outputs))];
  const likeOf = ({ shape }: MapPremise) =>
    noise.find((one) => one.shape.every((length, axis) => length === shape[axis]))!;
  const layers = Map.groupBy(premises, ({ path }) => Number(path.split(".")[1]));
  return Array.from(layers, ([layer, maps]) => {
    const like = maps.map(likeOf);
    const summary = (all: readonly MapPremise[]) => ({
      tail: mean(all.map(tailOf)),
      kurtosis: mean(all.map(({ kurtosis }) => kurtosis)),
    });
    return { seed: layer, scope: { ...summary(maps), noise: summary(like) } };
  });
}
