/** Declares the report stage: figures and tables of the preference-bandits reproduction. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";
import type { ClaimEvidence, Studies } from "../../methods/stats/claims.ts";
import type { AllResults } from "./collect.ts";
import { preferenceBanditsConfig } from "./schema.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    results: json<AllResults>(),
    studies: json<Studies>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.strictObject({ config: preferenceBanditsConfig }),
  outputs: { sections: json<ReportSection[]>() },
});
