/** The nodes of the study on text: what is compressed, what chooses settings, what is exported and timed. */

import { textData } from "../../common/text/text_data.ts";
import { type TextConfig, WHOLE } from "../schema.ts";
import { chooseSettings } from "./choose_settings.ts";
import { compressText } from "./compress_text.ts";
import { decompose } from "./decompose.ts";
import { deploy } from "./deploy.ts";
import { measure } from "./measure.ts";
import { trySettings } from "./try_settings.ts";

/** One method at one budget on one task, each once. */
function cells({ comparisons, tasks, budgets }: TextConfig) {
  const all = tasks.flatMap(({ task }, at) =>
    comparisons.filter((c) => c.tasks.includes(task)).flatMap((c) =>
      c.methods.flatMap((method) =>
        (method === "dense" ? [WHOLE] : c.budgets).map((name) => {
          const budget = budgets[name] ?? { ratio: 1, share: 0.5 };
          return [`${task}/${method}/${name}`, { at, task, method, name, budget }] as const;
        })
      )
    )
  );
  return [...new Map(all)];
}

function shared(config: TextConfig) {
  const { tasks, encoder } = textData(config.tasks);
  // Low rank alone spends the whole budget on factors.
  const ratio = Math.max(...Object.values(config.budgets).map((budget) => budget.ratio));
  const { factors, premises } = decompose({ inputs: { encoder }, params: { ratio } });
  return { tasks, encoder, factors, premises };
}

/** What is reported: one node for each cell, and the models that become files. */
export function textStudy(config: TextConfig) {
  const { training, rates, seeds, deployment } = config;
  const { tasks, encoder, factors, premises } = shared(config);
  const compressed = cells(config).map(([id, { at, task, method, name, budget }]) =>
    compressText({
      id,
      inputs: { task: tasks[at], encoder, factors },
      params: { method, name, budget, lr: rates[task]![method]![name], training, seeds },
    }).result
  );
  const { task, budget, methods, seed, tokens, batches, threads, repetitions } = deployment;
  const at = config.tasks.findIndex((one) => one.task === task);
  const { models, about } = deploy({
    inputs: { task: tasks[at], encoder, factors },
    params: {
      methods: methods.map((method) => ({
        method,
        lr: rates[task]![method]![method === "dense" ? WHOLE : budget],
      })),
      budget: config.budgets[budget],
      training,
      seed,
      tokens,
      batches,
    },
  });
  const { tables } = measure({
    inputs: { models, about, task: tasks[at] },
    params: { tokens, batches, threads, repetitions },
  });
  return { compressed, premises, models, deployed: about, measurements: tables };
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
