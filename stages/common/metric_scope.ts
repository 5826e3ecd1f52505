/** Metrics of one seed as claims name them: METRIC.TASK.BUDGET.METHOD, and their means over tasks. */

import type { MetricScope } from "../../methods/stats/estimand.ts";
import { mean } from "../../methods/stats/mod.ts";

/** What one method at one budget came to on one task. */
export interface Measured {
  readonly task: string;
  /** A name without dots, such as `r4` or `p10`. */
  readonly budget: string;
  readonly method: string;
  readonly metrics: Readonly<Record<string, number>>;
}

type Nested = { [name: string]: number | Nested };

function put(scope: Nested, path: readonly string[], value: number): void {
  const [name, ...rest] = path;
  if (rest.length === 0) scope[name] = value;
  else put((scope[name] ??= {}) as Nested, rest, value);
}

/**
 * METRIC.TASK.BUDGET.METHOD of everything. TASK `mean` is the mean over the tasks `averaged`, of what was
 * measured on all of them.
 */
export function metricScope(
  measured: readonly Measured[],
  averaged: readonly string[],
): MetricScope {
  const scope: Nested = {}, values = new Map<string, number[]>();
  for (const { task, budget, method, metrics } of measured) {
    for (const [metric, value] of Object.entries(metrics)) {
      put(scope, [metric, task, budget, method], value);
      if (!averaged.includes(task)) continue;
      const place = `${metric}.mean.${budget}.${method}`;
      values.set(place, [...values.get(place) ?? [], value]);
    }
  }
  for (const [place, each] of values) {
    if (each.length === averaged.length) put(scope, place.split("."), mean(each));
  }
  return scope as MetricScope;
}
