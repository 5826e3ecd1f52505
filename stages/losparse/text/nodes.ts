/** The nodes of the study on text: what is compressed, what chooses settings, what is exported and timed. */

import { measure } from "../../common/text/measure.ts";
import { textData } from "../../common/text/text_data.ts";
import { WHOLE } from "../../common/whole.ts";
import type { TextConfig } from "../schema.ts";
import { chooseSettings } from "./choose_settings.ts";
import { compressText } from "./compress_text.ts";
import { decompose } from "./decompose.ts";
import { deploy } from "./deploy.ts";
import { trySettings } from "./try_settings.ts";

/** What a name stands for; nothing is pruned of the whole. */
function budgetNamed({ budgets }: TextConfig, name: string): TextConfig["budgets"][string] {
  return name === WHOLE ? { ratio: 1, share: 0.5 } : budgets[name];
}

/** One method at one budget on one task, each once. */
function cells(config: TextConfig) {
  const { comparisons, tasks } = config;
  const all = tasks.flatMap(({ task }, at) =>
    comparisons.filter((c) => c.tasks.includes(task)).flatMap((c) =>
      c.methods.flatMap((method) =>
        (method === "dense" ? [WHOLE] : c.budgets).map((name) => {
          const budget = budgetNamed(config, name);
          return [`${task}/${method}/${name}`, { at, task, method, name, budget }] as const;
        })
      )
    )
  );
  return [...new Map(all)];
}

function shared(config: TextConfig) {
  const { tasks, encoder } = textData(config.tasks, config);
  // Low rank alone spends the whole budget on factors.
  const ratio = Math.max(...Object.values(config.budgets).map((budget) => budget.ratio));
  const { factors, premises, noise } = decompose({ inputs: { encoder }, params: { ratio } });
  return { tasks, encoder, factors, premises, noise };
}

/** What is reported: one node for each cell, and the models that become files. */
export function textStudy(config: TextConfig) {
  const { training, rates, seeds, deploy: { task: name, models, batches, ...timing } } = config;
  const { tasks, encoder, factors, premises, noise } = shared(config);
  const compressed = cells(config).map(([id, { at, task, method, name, budget }]) =>
    compressText({
      id,
      inputs: { task: tasks[at], encoder, factors },
      params: { method, name, budget, lr: rates[task]![method]![name], training, seeds },
    }).result
  );
  const task = tasks[config.tasks.findIndex((one) => one.task === name)], [seed] = seeds;
  const deployed = deploy({
    inputs: { task, encoder, factors },
    params: {
      models: models.map(({ method, budget }) => ({
        method,
        name: budget,
        budget: budgetNamed(config, budget),
        lr: rates[name]![method]![budget],
      })),
      training,
      seed,
      batches,
    },
  });
  const { tables } = measure({ inputs: { ...deployed, task }, params: timing });
  return { compressed, premises, noise, models: deployed.models, measurements: tables };
}

/** The choice of settings, on validation texts and calibration seeds. */
export function textCalibration(config: TextConfig) {
  const { training, grid, shares, calibration } = config;
  const { tasks, encoder, factors } = shared(config);
  const tried = cells(config).flatMap(([id, { at, method, name, budget }]) =>
    (method === "losparse" ? shares : [budget.share]).map((share) =>
      trySettings({
        id: `${id}/${share}`,
        inputs: { task: tasks[at], encoder, factors },
        params: {
          method,
          name,
          budget: { ...budget, share },
          rates: grid,
          training,
          seeds: calibration,
        },
      }).tried
    )
  );
  return chooseSettings({ inputs: { tried }, params: {} });
}
