/** The nodes of a preset at the paper's scale. */

import type { TextMethod } from "../../../methods/adalora/method_trainer.ts";
import { benchmarkData } from "../../common/glue/benchmark_data.ts";
import { chooseBenchmarkRates } from "../../common/glue/choose_benchmark_rates.ts";
import { collectBenchmarks } from "../../common/glue/collect_benchmarks.ts";
import { printedMeasures } from "../../common/glue/runs.ts";
import { verdict } from "../../common/verdict.ts";
import { loadPublished } from "../published.ts";
import { loadPaperClaims } from "./claims.ts";
import { fineTuneBenchmark } from "./fine_tune_benchmark.ts";
import { reportBenchmarks } from "./report_benchmarks.ts";
import { hasRank, type PaperConfig, WHOLE } from "./schema.ts";

/** One method at one rank, each once. */
function cells({ comparisons, initial }: PaperConfig) {
  const all = comparisons.flatMap(({ methods, ranks }) =>
    methods.flatMap((method: TextMethod) =>
      ranks.map((rank) => ({
        method,
        rank,
        initial: initial[`r${rank}`],
        budget: hasRank(method) ? `r${rank}` : WHOLE,
      }))
    )
  );
  return [...new Map(all.map((cell) => [`${cell.method}/${cell.budget}`, cell])).values()];
}

/** One node for each method, rank, task, rate and seed. */
function paperRuns(config: PaperConfig) {
  const { files, tasks: names, settings, rates, calibrate, calibration, computing } = config;
  const { tasks, tasksAbout, model } = benchmarkData(files, names, (name) => {
    const { tokens, stride } = settings[name]!;
    return { tokens, stride };
  });
  const seeds = calibrate ? calibration.seeds : config.seeds;
  const runs = names.flatMap((name, i) => {
    const { tokens: _, stride: __, ...own } = settings[name]!;
    return cells(config).flatMap(({ method, ...cell }) => {
      const chosen = rates[method]?.[cell.budget]?.[name] ?? own.lr;
      return (calibrate ? calibration.grid : [chosen]).flatMap((lr) =>
        seeds.map((seed) =>
          fineTuneBenchmark({
            id: `${name}/${method}/${cell.budget}/${calibrate ? `${lr}/` : ""}${seed}`,
            inputs: { task: tasks[i], config: model.config, weights: model.weights },
            params: {
              weights: model.name,
              method,
              ...cell,
              settings: { ...own, lr },
              seed,
              heldOut: calibrate ? calibration.heldOut : 0,
              computing,
            },
          }).run
        )
      );
    });
  });
  return { runs, tasksAbout, model };
}

/** The choice of learning rates, on texts held out of the training sets and calibration seeds. */
export function paperCalibration(config: PaperConfig) {
  const { runs: tried } = paperRuns(config);
  const { rates, sections } = chooseBenchmarkRates({ inputs: { tried }, params: {} });
  return { report: sections, keep: { rates } };
}

/** What is reported: scores of development sets, and verdicts on them. */
export function paperStudy(config: PaperConfig) {
  const { tasks: names, settings } = config;
  const { runs, tasksAbout, model } = paperRuns(config);
  const claims = loadPaperClaims();
  const { studies, all } = collectBenchmarks({
    inputs: { runs, tasks: tasksAbout },
    params: { claims, printed: printedMeasures(loadPublished(), names) },
  });
  const decided = verdict({ inputs: { studies }, params: { claims } });
  const { sections } = reportBenchmarks({
    inputs: {
      runs: all,
      tasks: tasksAbout,
      model: model.about,
      verdicts: decided.verdicts,
      evidence: decided.evidence,
    },
    params: { settings: Object.fromEntries(names.map((name) => [name, settings[name]!])) },
  });
  return { verdicts: decided.verdicts, report: sections, keep: { runs: all } };
}
