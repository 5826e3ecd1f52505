/** Compresses networks of one structure by every method at every budget. */

import { premiseOf } from "../../methods/losparse/premise.ts";
import { METHODS, runMethod } from "../../methods/losparse/study.ts";
import type { Run } from "../../pipeline/types.ts";
import type { compress, Compressed } from "./compress.ts";
import { tasksOf } from "./tasks.ts";

export const run: Run<typeof compress> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { structure, sizes, training, budgets, seeds } = params;
  const { chosen } = await inputs.rates.read();
  const tasks = tasksOf(seeds, structure, sizes);
  const results: Compressed["results"][number][] = [];
  for (const method of METHODS) {
    for (const budget of budgets) {
      const setting = { ...training, lr: chosen[method] };
      const outcomes = await runMethod(method, tasks, seeds, budget, setting, {
        provider,
        threads,
      });
      results.push({ method, rank: budget.rank, lr: chosen[method], outcomes });
      progress({ step: results.length, steps: METHODS.length * budgets.length });
      // Without compression one budget is like another.
      if (method === "dense") break;
    }
  }
  const premises = tasks.map(({ net }) => premiseOf(net.blocks[0].up.w, sizes.coherentRank));
  await outputs.compressed.write({ structure, seeds, premises, results });
};
