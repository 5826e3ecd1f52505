/** Declares the report of a preset at the paper's scale. */

import { z } from "zod";
import type { ClaimEvidence } from "../../../methods/stats/claims.ts";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { ReportSection, Verdict } from "../../../pipeline/types.ts";
import type { ModelAbout, TaskAbout } from "../../common/glue/kinds.ts";
import type { BenchmarkRun } from "../../common/glue/runs.ts";
import { benchmarkName } from "../../common/glue/schema.ts";
import { paperSettings } from "./schema.ts";

export const reportBenchmarks = stage({
  name: "report_benchmarks",
  describe: "set what was run beside the published tables",
  implementation: new URL("./report_benchmarks_run.ts", import.meta.url),
  inputs: {
    runs: json<BenchmarkRun[]>(),
    tasks: many(json<TaskAbout>()),
    model: json<ModelAbout>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.strictObject({ settings: z.partialRecord(benchmarkName, paperSettings) }),
  outputs: { sections: json<ReportSection[]>() },
});
