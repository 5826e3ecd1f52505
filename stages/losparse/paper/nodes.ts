/** The nodes of a preset at the paper's scale. */

import { distinctCells, paperRuns } from "../../common/glue/paper_runs.ts";
import { benchmarkRates, benchmarkReport, settingsOf } from "../../common/glue/paper_study.ts";
import { WHOLE } from "../../common/whole.ts";
import { loadPublished } from "../published.ts";
import { loadPaperClaims } from "./claims.ts";
import { compressBenchmark } from "./compress_benchmark.ts";
import { decomposeBenchmark } from "./decompose_benchmark.ts";
import { reportBenchmarks } from "./report_benchmarks.ts";
import type { PaperConfig } from "./schema.ts";

/** One method at one budget, each once. */
function cells({ comparisons, budgets }: PaperConfig) {
  return distinctCells(
    comparisons.flatMap(({ methods, budgets: names }) =>
      methods.flatMap((method) =>
        names.map((name) =>
          method === "dense"
            ? { method, budget: WHOLE, ratio: 1, lowRank: 0 }
            : { method, budget: name, ...budgets[name] }
        )
      )
    ),
  );
}

/** The maps are decomposed once, for the largest budget. */
function runsOf(config: PaperConfig) {
  const ratio = Math.max(...Object.values(config.budgets).map((budget) => budget.ratio));
  return paperRuns(config, cells(config), ({ config, weights, name }) => {
    const inputs = { config, weights };
    const { factors } = decomposeBenchmark({ inputs, params: { weights: name, ratio } });
    return ({ id, task, params }) =>
      compressBenchmark({ id, inputs: { task, ...inputs, factors }, params }).run;
  });
}

/** The choice of learning rates. */
export const paperCalibration = (config: PaperConfig) => benchmarkRates(runsOf(config));

/** What is reported. */
export function paperStudy(config: PaperConfig) {
  const { tasks } = config;
  return benchmarkReport(runsOf(config), {
    tasks,
    claims: loadPaperClaims(),
    published: loadPublished(),
    report: (inputs) => reportBenchmarks({ inputs, params: { settings: settingsOf(config) } }),
  });
}
