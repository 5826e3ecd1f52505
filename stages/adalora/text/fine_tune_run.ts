/** Fine-tunes an encoder by one method at one budget, seed by seed. */

import { openTextStudy } from "../../../methods/adalora/text_study.ts";
import type { Run } from "../../../pipeline/types.ts";
import { readTextTask } from "../../common/text/kinds.ts";
import type { fineTune, FineTuned } from "./fine_tune.ts";

export const run: Run<typeof fineTune> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, rank, initial, lr, training, seeds } = params;
  const data = await readTextTask(inputs), place = { provider, threads };
  const study = await openTextStudy(method, data, { rank, initial }, training, place);
  const outcomes: FineTuned["outcomes"][number][] = [];
  for (const seed of seeds) {
    const { trained: _, ...outcome } = await study.run(seed, lr, "test");
    outcomes.push(outcome);
    progress({ step: outcomes.length, steps: seeds.length, loss: outcome.loss });
  }
  await study.dispose();
  const { parameters } = study, task = data.task.name;
  await outputs.result.write({ task, method, rank, lr, parameters, seeds, outcomes });
};
