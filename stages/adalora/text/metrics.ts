/** Metrics of the study on text, as the claims name them. */

import type { SeedMetrics } from "../../../methods/stats/estimand.ts";
import { metricScope } from "../../common/metric_scope.ts";
import type { FineTuned } from "./fine_tune.ts";

/** Shares of the ranks that are left in perceptrons, and in the upper half of the blocks. */
export function shares(ranks: Readonly<Record<string, number>>): { mlp: number; upper: number } {
  const maps = Object.entries(ranks).map(([path, rank]) => {
    const [, block] = path.split(".");
    return { block: Number(block), mlp: path.includes(".mlp."), rank };
  });
  const blocks = 1 + Math.max(...maps.map(({ block }) => block));
  const total = maps.reduce((sum, { rank }) => sum + rank, 0);
  const share = (some: typeof maps) => some.reduce((sum, { rank }) => sum + rank, 0) / total;
  return {
    mlp: share(maps.filter(({ mlp }) => mlp)),
    upper: share(maps.filter(({ block }) => block >= blocks / 2)),
  };
}

/**
 * accuracy.TASK.rN.METHOD and loss.TASK.rN.METHOD of test texts; of methods that prune also
 * mlp.TASK.rN.METHOD and upper.TASK.rN.METHOD, shares of ranks. TASK `mean` is the mean over all tasks, of
 * what was run on all of them.
 */
export function textMetrics(tuned: readonly FineTuned[]): SeedMetrics[] {
  const tasks = [...new Set(tuned.map(({ task }) => task))];
  return tuned[0].seeds.map((seed, i) => {
    const measured = tuned.map(({ task, rank, method, outcomes }) => {
      const { accuracy, loss, ranks } = outcomes[i];
      const metrics = { accuracy, loss, ...(ranks ? shares(ranks) : {}) };
      return { task, budget: `r${rank}`, method, metrics };
    });
    return { seed, scope: metricScope(measured, tasks) };
  });
}
