/** The nodes of a preset at the paper's scale. */

import type { TextMethod } from "../../../methods/adalora/method_trainer.ts";
import { benchmarkData } from "../../common/glue/benchmark_data.ts";
import { collectBenchmarks } from "../../common/glue/collect_benchmarks.ts";
import { printedMeasures } from "../../common/glue/runs.ts";
import { verdict } from "../../common/verdict.ts";
import { loadPublished } from "../published.ts";
import { loadPaperClaims } from "./claims.ts";
import { fineTuneBenchmark } from "./fine_tune_benchmark.ts";
import { reportBenchmarks } from "./report_benchmarks.ts";
import { hasRank, type PaperConfig } from "./schema.ts";

/** One method at one rank, each once. */
function cells({ comparisons, initial }: PaperConfig) {
  const all = comparisons.flatMap(({ methods, ranks }) =>
    methods.flatMap((method: TextMethod) =>
      ranks.map((rank) => ({
        method,
        rank,
        initial: initial[`r${rank}`],
        budget: hasRank(method) ? `r${rank}` : "all",
      }))
    )
  );
  return [...new Map(all.map((cell) => [`${cell.method}/${cell.budget}`, cell])).values()];
}

/** One node for each method, rank, task and seed. */
export function paperStudy(config: PaperConfig) {
  const { files, tasks: names, settings, rates, seeds, computing } = config;
  const { tasks, tasksAbout, model } = benchmarkData(files, names, (name) => {
    const { tokens, stride } = settings[name]!;
    return { tokens, stride };
  });
  const runs = names.flatMap((name, i) =>
    cells(config).flatMap(({ method, ...cell }) =>
      seeds.map((seed) => {
        const { tokens: _, stride: __, ...own } = settings[name]!;
        return fineTuneBenchmark({
          id: `${name}/${method}/${cell.budget}/${seed}`,
          inputs: { task: tasks[i], config: model.config, weights: model.weights },
          params: {
            weights: model.name,
            method,
            ...cell,
            settings: { ...own, lr: rates[method]?.[name] ?? own.lr },
            seed,
            computing,
          },
        }).run;
      })
    )
  );
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
