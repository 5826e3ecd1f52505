/** What the stages of presets at the papers' scale have in common. */

import { z } from "zod";
import type { ClaimEvidence } from "../../../methods/stats/claims.ts";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import type { ReportSection, Verdict } from "../../../pipeline/types.ts";
import { benchmarkTaskKind, type ModelAbout, type TaskAbout, userFileKind } from "./kinds.ts";
import type { BenchmarkRun } from "./runs.ts";
import { computing } from "./schema.ts";

/** Of the stage that makes one run; a paper adds `params` of its own to {@link runParams}. */
export const runStage = {
  inputs: { task: benchmarkTaskKind, config: userFileKind, weights: userFileKind },
  outputs: { run: json<BenchmarkRun>() },
  provider: true,
  // More than there are: all threads, and no other run beside it in memory.
  resources: { cores: 1024 },
} as const;

export const runParams = {
  weights: z.string(),
  budget: z.string(),
  seed: z.int(),
  heldOut: z.int().min(0).default(0).describe(
    "training texts that take the place of the development sets",
  ),
  computing,
};

/** Of the stage that writes the report. */
export const reportStage = {
  name: "report_benchmarks",
  describe: "set what was run beside the published tables",
  inputs: {
    runs: json<BenchmarkRun[]>(),
    tasks: many(json<TaskAbout>()),
    model: json<ModelAbout>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  outputs: { sections: json<ReportSection[]>() },
};
