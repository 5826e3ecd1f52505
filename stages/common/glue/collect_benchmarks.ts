/** Declares the stage that lays runs on benchmarks out for the claims and the report. */

import { z } from "zod";
import { claimsSchema } from "../../../methods/stats/claim.ts";
import type { Studies } from "../../../methods/stats/claims.ts";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { TaskAbout } from "./kinds.ts";
import type { BenchmarkRun } from "./runs.ts";

export const collectBenchmarks = stage({
  name: "collect_benchmarks",
  describe: "scores of each seed, as the claims name them",
  implementation: new URL("./collect_benchmarks_run.ts", import.meta.url),
  inputs: { runs: many(json<BenchmarkRun>()), tasks: many(json<TaskAbout>()) },
  params: z.strictObject({
    claims: claimsSchema,
    printed: z.record(z.string(), z.array(z.string())).describe(
      "measures that the paper prints of each task: their mean is the task's score",
    ),
  }),
  outputs: { studies: json<Studies>(), all: json<BenchmarkRun[]>() },
});
