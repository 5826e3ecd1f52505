/** What is made of the runs of a preset at a paper's scale: rates, or scores, verdicts and a report. */

import type { ClaimEvidence } from "../../../methods/stats/claims.ts";
import type { Claim } from "../../../methods/stats/claim.ts";
import type { JsonKind } from "../../../pipeline/declare/artifact.ts";
import type { Artifact, ReportSection, Verdict } from "../../../pipeline/types.ts";
import type { Published } from "../published/schema.ts";
import { verdict } from "../verdict.ts";
import { chooseBenchmarkRates } from "./choose_benchmark_rates.ts";
import { collectBenchmarks } from "./collect_benchmarks.ts";
import type { paperRuns } from "./paper_runs.ts";
import { type BenchmarkRun, printedMeasures } from "./runs.ts";
import type { BenchmarkName } from "./schema.ts";

type Runs = ReturnType<typeof paperRuns>;

/** The choice of learning rates, on texts held out of the training sets and calibration seeds. */
export function benchmarkRates({ runs: tried }: Runs) {
  const { rates, sections } = chooseBenchmarkRates({ inputs: { tried }, params: {} });
  return { report: sections, keep: { rates } };
}

/** Settings of the tasks that are run. */
export const settingsOf = <S>(
  { tasks, settings }: {
    readonly tasks: readonly BenchmarkName[];
    readonly settings: Partial<Record<BenchmarkName, S>>;
  },
): Partial<Record<BenchmarkName, S>> =>
  Object.fromEntries(tasks.map((name) => [name, settings[name]!]));

/** What the report of a paper is given. */
export interface ReportInputs {
  readonly runs: Artifact<JsonKind<BenchmarkRun[]>>;
  readonly tasks: Runs["tasksAbout"];
  readonly model: Runs["model"]["about"];
  readonly verdicts: Artifact<JsonKind<Verdict[]>>;
  readonly evidence: Artifact<JsonKind<ClaimEvidence[]>>;
}

/** What is reported: scores of development sets, and verdicts on them. */
export function benchmarkReport(
  { runs, tasksAbout, model }: Runs,
  { tasks, claims, published, report }: {
    tasks: readonly BenchmarkName[];
    claims: Claim[];
    published: Published;
    report: (inputs: ReportInputs) => { sections: Artifact<JsonKind<ReportSection[]>> };
  },
) {
  const { studies, all } = collectBenchmarks({
    inputs: { runs, tasks: tasksAbout },
    params: { claims, printed: printedMeasures(published, tasks) },
  });
  const { verdicts, evidence } = verdict({ inputs: { studies }, params: { claims } });
  const { sections } = report({
    runs: all,
    tasks: tasksAbout,
    model: model.about,
    verdicts,
    evidence,
  });
  return { verdicts, report: sections, keep: { runs: all } };
}
