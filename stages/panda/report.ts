/** Declares the report stage: figures and tables of the PANDA reproduction. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import type { Results } from "./collect.ts";
import { publishedSchema } from "./published.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    results: json<Results>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  /** The printed numbers are parameters: changing one draws the report again. */
  params: z.object({ published: publishedSchema }),
  outputs: { sections: json<ReportSection[]>() },
});
