/** The nodes of a preset at the paper's scale. */

import { distinctCells, paperRuns } from "../../common/glue/paper_runs.ts";
import { benchmarkRates, benchmarkReport, settingsOf } from "../../common/glue/paper_study.ts";
import { WHOLE } from "../../common/whole.ts";
import { loadPublished } from "../published.ts";
import { loadPaperClaims } from "./claims.ts";
import { fineTuneBenchmark } from "./fine_tune_benchmark.ts";
import { reportBenchmarks } from "./report_benchmarks.ts";
import { hasRank, type PaperConfig } from "./schema.ts";

/** One method at one rank, each once. */
function cells({ comparisons, initial }: PaperConfig) {
  return distinctCells(
    comparisons.flatMap(({ methods, ranks }) =>
      methods.flatMap((method) =>
        ranks.map((rank) => ({
          method,
          rank,
          initial: initial[`r${rank}`],
          budget: hasRank(method) ? `r${rank}` : WHOLE,
        }))
      )
    ),
  );
}

const runsOf = (config: PaperConfig) =>
  paperRuns(
    config,
    cells(config),
    ({ config, weights }) => ({ id, task, params }) =>
      fineTuneBenchmark({ id, inputs: { task, config, weights }, params }).run,
  );

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
