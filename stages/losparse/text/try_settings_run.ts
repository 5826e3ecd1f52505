/** Tries learning rates of one method at one budget on validation texts. */

import { openTextStudy } from "../../../methods/losparse/text_study.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { budgetOf, readSetting } from "./read_setting.ts";
import type { TriedSetting, trySettings } from "./try_settings.ts";

export const run: Run<typeof trySettings> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, name, budget, rates, training, seeds } = params;
  const setting = await readSetting(inputs), place = { provider, threads };
  const study = await openTextStudy(method, setting, budgetOf(budget), training, place);
  const tried: TriedSetting[] = [];
  for (const lr of rates) {
    const scores = [];
    for (const seed of seeds) scores.push((await study.run(seed, lr, "validation")).outcome);
    const loss = mean(scores.map((score) => score.loss));
    const accuracy = mean(scores.map((score) => score.accuracy));
    const { share } = budget, task = setting.task.name;
    tried.push({ task, method, budget: name, share, lr, loss, accuracy });
    progress({ step: tried.length, steps: rates.length, loss });
  }
  await study.dispose();
  await outputs.tried.write(tried);
};
