/** Declares the stage that lays runs on benchmarks out for the claims and the report. */

import { z } from "zod";
import { claimsSchema } from "../../../methods/stats/claim.ts";
import type { Studies } from "../../../methods/stats/claims.ts";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { TaskAbout } from "../../common/glue/kinds.ts";
import type { AdaloraRun } from "./fine_tune_benchmark.ts";

export const collectBenchmarks = stage({
  name: "collect_benchmarks",
  describe: "scores of each seed, as the claims name them",
  implementation: new URL("./collect_benchmarks_run.ts", import.meta.url),
  inputs: { runs: many(json<AdaloraRun>()), tasks: many(json<TaskAbout>()) },
  params: z.strictObject({ claims: claimsSchema }),
  outputs: { studies: json<Studies>(), all: json<AdaloraRun[]>() },
});
