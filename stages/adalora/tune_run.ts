/** Chooses learning rates on the calibration seeds. */

import { runAdaptation } from "../../methods/adalora/study.ts";
import { ADAPTATIONS } from "../../methods/adalora/variants.ts";
import type { Run } from "../../pipeline/types.ts";
import { chooseRates } from "../common/choose_rates.ts";
import { tasksOf } from "./tasks.ts";
import type { tune } from "./tune.ts";

export const run: Run<typeof tune> = async ({ params, outputs, provider, threads, progress }) => {
  const { need, sizes, training, rank, initial, rates, seeds } = params;
  const tasks = tasksOf(seeds, need, sizes);
  const place = { provider, threads };
  const chosen = await chooseRates(ADAPTATIONS, rates, async (method, lr) => {
    const setting = { ...training, lr };
    const outcomes = await runAdaptation(method, tasks, seeds, { rank, initial }, setting, place);
    return outcomes.map(({ error }) => error);
  }, progress);
  await outputs.rates.write(chosen);
};
