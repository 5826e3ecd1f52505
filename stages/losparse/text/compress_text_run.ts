/** Compresses an encoder by one method at one budget, seed by seed. */

import { openTextStudy } from "../../../methods/losparse/text_study.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { compressText, SeedOutcome } from "./compress_text.ts";
import { budgetOf, readSetting } from "./read_setting.ts";

/** Points of a spectrum. */
const POINTS = 200;

/** Values at evenly spaced ranks, descending. */
function spectrumOf(scores: Float32Array): number[] {
  const sorted = scores.toSorted().reverse();
  const at = (i: number) => Math.round(i * (sorted.length - 1) / (POINTS - 1));
  return Array.from({ length: POINTS }, (_, i) => Number(sorted[at(i)].toPrecision(4)));
}

export const run: Run<typeof compressText> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, name, budget, lr, training, seeds } = params;
  const setting = await readSetting(inputs), place = { provider, threads };
  const study = await openTextStudy(method, setting, budgetOf(budget), training, place);
  const outcomes: SeedOutcome[] = [];
  let spectrum: readonly number[] | null = null;
  for (const seed of seeds) {
    const { outcome: { rows, ...outcome } } = await study.run(seed, lr, "test");
    if (rows) spectrum ??= spectrumOf(rows.scores);
    outcomes.push({ ...outcome, ties: rows?.ties ?? 0, kept: rows?.kept ?? null });
    progress({ step: outcomes.length, steps: seeds.length, loss: outcome.loss });
  }
  await study.dispose();
  await outputs.result.write({
    task: setting.task.name,
    method,
    budget: name,
    lr,
    paths: study.paths,
    outputs: study.outputs,
    seeds,
    outcomes,
    spectrum,
  });
};
