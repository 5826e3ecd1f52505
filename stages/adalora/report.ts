/** Declares the report stage: figures and tables of the AdaLoRA reproduction. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import type { Adapted } from "./adapt.ts";
import type { FineTuned } from "./text/fine_tune.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    all: json<Adapted[]>(),
    text: json<FineTuned[]>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.object({}),
  outputs: { sections: json<ReportSection[]>() },
});
