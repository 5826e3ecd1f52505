/** Declares the report stage: figures and tables of the ConvResNeXt reproduction. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { CellResult } from "../../methods/convresnext/results.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    results: json<CellResult[]>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.strictObject({}),
  outputs: { sections: json<ReportSection[]>() },
});
