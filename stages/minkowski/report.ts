/** Declares the report stage: figures and tables of the effective-dimension experiment. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { MeasuredDesign } from "../../methods/minkowski/measures.ts";
import type { StudyResult } from "../../methods/minkowski/study.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";
import { IMAGE_SETS } from "./data_packages.ts";
import { measureRules, rowCounts, studySettings } from "./schema.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    designs: json<MeasuredDesign[]>(),
    /** In the order of `sets`. */
    images: many(json<StudyResult>()),
    eigenvalues: many(json<number[]>()),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.strictObject({
    sets: z.array(z.enum(IMAGE_SETS)),
    study: studySettings,
    rows: rowCounts,
    measures: measureRules,
  }),
  outputs: { sections: json<ReportSection[]>() },
});
