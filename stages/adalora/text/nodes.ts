/** The nodes of the study on text: what is fine-tuned, and what chooses learning rates. */

import type { Artifact } from "../../../pipeline/types.ts";
import type { JsonKind } from "../../../pipeline/declare/artifact.ts";
import { textData } from "../../common/text/text_data.ts";
import type { StudiesConfig } from "../schema.ts";
import { measure } from "../../common/text/measure.ts";
import { chooseRates } from "./choose_rates.ts";
import { deploy } from "./deploy.ts";
import { fineTune, type FineTuned } from "./fine_tune.ts";
import { tryRates } from "./try_rates.ts";

type TextConfig = StudiesConfig["text"];

/** One method at one rank on one task, each once. */
function cells({ comparisons, tasks }: TextConfig) {
  const all = tasks.flatMap((task, at) =>
    comparisons.filter((c) => c.tasks.includes(task.task)).flatMap(({ methods, ranks }) =>
      ranks.flatMap((rank) => methods.map((method) => ({ at, task: task.task, method, rank })))
    )
  );
  const named = all.map((cell) => [`${cell.task}/${cell.method}/r${cell.rank}`, cell] as const);
  return [...new Map(named)];
}

/** One node for each cell, and AdaLoRA's model as files that are measured. */
export function textStudy(config: TextConfig) {
  const { training, initial, rates, seeds } = config;
  const { tasks, encoder } = textData(config.tasks);
  const { task: name, rank, batches, ...timing } = config.deploy;
  const task = tasks[config.tasks.findIndex((t) => t.task === name)];
  const lr = rates.adalora[`r${rank}`], [seed] = seeds;
  const deployed = deploy({
    inputs: { task, encoder },
    params: { rank, initial, lr, training, seed, batches },
  });
  const { tables } = measure({ inputs: { ...deployed, task }, params: timing });
  const tuned: Artifact<JsonKind<FineTuned>>[] = cells(config).map(([id, { at, method, rank }]) =>
    fineTune({
      id,
      inputs: { task: tasks[at], encoder },
      params: { method, rank, initial, lr: rates[method][`r${rank}`], training, seeds },
    }).result
  );
  return { tuned, models: deployed.models, measurements: tables };
}

/** The choice of learning rates, on validation texts and calibration seeds. */
export function textCalibration(config: TextConfig) {
  const { training, initial, grid, calibration } = config;
  const { tasks, encoder } = textData(config.tasks);
  const tried = cells(config).map(([id, { at, method, rank }]) =>
    tryRates({
      id,
      inputs: { task: tasks[at], encoder },
      params: { method, rank, initial, rates: grid, training, seeds: calibration },
    }).tried
  );
  return chooseRates({ inputs: { tried }, params: {} });
}
