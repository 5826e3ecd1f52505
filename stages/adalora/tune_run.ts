/** Chooses learning rates: the rate of smallest mean log error, for each method. */

import { type Adaptation, ADAPTATIONS, runAdaptation } from "../../methods/adalora/study.ts";
import type { Run } from "../../pipeline/types.ts";
import { tasksOf } from "./tasks.ts";
import type { Rates, tune } from "./tune.ts";

export const run: Run<typeof tune> = async ({ params, outputs, provider, threads, progress }) => {
  const { need, sizes, training, rank, initial, rates, seeds } = params;
  const tasks = tasksOf(seeds, need, sizes);
  const tried: { method: Adaptation; lr: number; error: number }[] = [];
  const chosen: Partial<Record<Adaptation, number>> = {};
  for (const method of ADAPTATIONS) {
    let best = Infinity;
    for (const lr of rates) {
      const allocation = { rank, initial }, setting = { ...training, lr };
      const place = { provider, threads };
      const outcomes = await runAdaptation(method, tasks, seeds, allocation, setting, place);
      const logs = outcomes.reduce((sum, { error }) => sum + Math.log(error), 0);
      const error = Math.exp(logs / outcomes.length);
      tried.push({ method, lr, error });
      progress({ step: tried.length, steps: ADAPTATIONS.length * rates.length, loss: error });
      if (error < best) {
        best = error;
        chosen[method] = lr;
      }
    }
  }
  await outputs.rates.write({ tried, chosen: chosen as Rates["chosen"] });
};
