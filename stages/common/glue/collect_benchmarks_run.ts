/** Lays runs on benchmarks out as score.TASK.BUDGET.METHOD. */

import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { collectBenchmarks } from "./collect_benchmarks.ts";
import { benchmarkStudy, headline } from "./runs.ts";

export const run: Run<typeof collectBenchmarks> = async ({ inputs, params, outputs }) => {
  const all = await Promise.all(inputs.runs.map((one) => one.read()));
  const tasks = await Promise.all(inputs.tasks.map((one) => one.read()));
  const measures = new Map(tasks.map(({ task, measures }) => [task, measures]));
  const wanted = params.claims.flatMap(estimandsOf).flatMap((text) =>
    parseEstimand(text).paths.map((path) => path.join("."))
  );
  const benchmarks = benchmarkStudy(
    all,
    (one) => headline(one, measures.get(one.task)!, params.printed[one.task]),
    wanted,
  );
  await outputs.studies.write({ benchmarks });
  await outputs.all.write(all);
};
