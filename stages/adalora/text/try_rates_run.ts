/** Tries learning rates of one method at one budget on validation texts. */

import { openTextStudy } from "../../../methods/adalora/text_study.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { readTextTask } from "../../common/text/kinds.ts";
import type { TriedRate, tryRates } from "./try_rates.ts";

export const run: Run<typeof tryRates> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, rank, initial, rates, training, seeds } = params;
  const data = await readTextTask(inputs), place = { provider, threads };
  const study = await openTextStudy(method, data, { rank, initial }, training, place);
  const tried: TriedRate[] = [];
  for (const lr of rates) {
    const scores = [];
    for (const seed of seeds) scores.push(await study.run(seed, lr, "validation"));
    const loss = mean(scores.map((score) => score.loss));
    tried.push({
      task: data.task.name,
      method,
      rank,
      lr,
      loss,
      accuracy: mean(scores.map((score) => score.accuracy)),
    });
    progress({ step: tried.length, steps: rates.length, loss });
  }
  await study.dispose();
  await outputs.tried.write(tried);
};
