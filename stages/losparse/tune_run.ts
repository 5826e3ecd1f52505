/** Chooses learning rates: the rate of smallest mean log error, for each method. */

import { type Method, METHODS, runMethod } from "../../methods/losparse/study.ts";
import type { Run } from "../../pipeline/types.ts";
import { tasksOf } from "./tasks.ts";
import type { Rates, tune } from "./tune.ts";

export const run: Run<typeof tune> = async ({ params, outputs, provider, threads, progress }) => {
  const { structure, sizes, training, budget, rates, seeds } = params;
  const tasks = tasksOf(seeds, structure, sizes);
  const tried: { method: Method; lr: number; error: number }[] = [];
  const chosen: Partial<Record<Method, number>> = {};
  for (const method of METHODS) {
    let best = Infinity;
    for (const lr of rates) {
      const setting = { ...training, lr };
      const outcomes = await runMethod(method, tasks, seeds, budget, setting, {
        provider,
        threads,
      });
      const logs = outcomes.reduce((sum, { error }) => sum + Math.log(error), 0);
      const error = Math.exp(logs / outcomes.length);
      tried.push({ method, lr, error });
      progress({ step: tried.length, steps: METHODS.length * rates.length, loss: error });
      if (error < best) {
        best = error;
        chosen[method] = lr;
      }
    }
  }
  await outputs.rates.write({ tried, chosen: chosen as Rates["chosen"] });
};
