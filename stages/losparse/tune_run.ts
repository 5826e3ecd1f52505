/** Chooses learning rates on the calibration seeds. */

import { METHODS, runMethod } from "../../methods/losparse/study.ts";
import type { Run } from "../../pipeline/types.ts";
import { chooseRates } from "../common/choose_rates.ts";
import { tasksOf } from "./tasks.ts";
import type { tune } from "./tune.ts";

export const run: Run<typeof tune> = async ({ params, outputs, provider, threads, progress }) => {
  const { structure, sizes, training, budget, rates, seeds } = params;
  const tasks = tasksOf(seeds, structure, sizes);
  const place = { provider, threads };
  const chosen = await chooseRates(METHODS, rates, async (method, lr) => {
    const outcomes = await runMethod(method, tasks, seeds, budget, { ...training, lr }, place);
    return outcomes.map(({ error }) => error);
  }, progress);
  await outputs.rates.write(chosen);
};
