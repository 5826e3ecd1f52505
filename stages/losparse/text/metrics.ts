/** Metrics of the study on text, as the claims name them. */

import type { MetricScope, SeedMetrics } from "../../../methods/stats/estimand.ts";
import { mean } from "../../../methods/stats/mod.ts";
import { WHOLE } from "../schema.ts";
import type { CompressedText } from "./compress_text.ts";
import type { MapPremise } from "./decompose.ts";

type Nested = { [name: string]: number | Nested };

function put(scope: Nested, path: readonly string[], value: number): void {
  const [name, ...rest] = path;
  if (rest.length === 0) scope[name] = value;
  else put((scope[name] ??= {}) as Nested, rest, value);
}

/**
 * accuracy.TASK.BUDGET.METHOD and loss.TASK.BUDGET.METHOD of test texts, accuracy in percent; `dense`
 * stands at every budget. TASK `mean` is the mean over all tasks, of what was run on all of them.
 */
export function textMetrics(compressed: readonly CompressedText[]): SeedMetrics[] {
  const tasks = new Set(compressed.map(({ task }) => task)).size;
  const budgets = [...new Set(compressed.map(({ budget }) => budget))].filter((b) => b !== WHOLE);
  return compressed[0].seeds.map((seed, i) => {
    const scope: Nested = {}, values = new Map<string, number[]>();
    for (const { task, budget, method, outcomes } of compressed) {
      const { accuracy, loss } = outcomes[i], metrics = { accuracy: 100 * accuracy, loss };
      for (const at of budget === WHOLE ? budgets : [budget]) {
        for (const [metric, value] of Object.entries(metrics)) {
          put(scope, [metric, task, at, method], value);
          const place = `${metric}.mean.${at}.${method}`;
          values.set(place, [...values.get(place) ?? [], value]);
        }
      }
    }
    for (const [place, each] of values) {
      if (each.length === tasks) put(scope, place.split("."), mean(each));
    }
    return { seed, scope: scope as MetricScope };
  });
}

/** tail.pN: what the best approximation with N % of a map's entries leaves of it; kurtosis. One replicate a map. */
export function premiseMetrics(premises: readonly MapPremise[], ratio: number): SeedMetrics[] {
  return premises.map(({ shape: [inputs, outputs], tails, kurtosis }, seed) => {
    const rank = Math.round(ratio * inputs * outputs / (inputs + outputs));
    return { seed, scope: { tail: tails[rank], kurtosis } };
  });
}
