/** Adapts frozen networks of one need by every method at every budget. */

import { runAdaptation } from "../../methods/adalora/study.ts";
import { ADAPTATIONS } from "../../methods/adalora/variants.ts";
import type { Run } from "../../pipeline/types.ts";
import type { adapt, Adapted } from "./adapt.ts";
import { tasksOf } from "./tasks.ts";

export const run: Run<typeof adapt> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { need, sizes, training, ranks, initial, seeds } = params;
  const { chosen } = await inputs.rates.read();
  const tasks = tasksOf(seeds, need, sizes);
  const results: Adapted["results"][number][] = [];
  for (const method of ADAPTATIONS) {
    for (const rank of ranks) {
      const lr = chosen[method], setting = { ...training, lr };
      const place = { provider, threads };
      const outcomes = await runAdaptation(
        method,
        tasks,
        seeds,
        { rank, initial },
        setting,
        place,
      );
      results.push({ method, rank, lr, outcomes });
      progress({ step: results.length, steps: ADAPTATIONS.length * ranks.length });
    }
  }
  await outputs.adapted.write({ need, seeds, results });
};
