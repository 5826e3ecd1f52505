/** Declares the verdict stage: pre-registered claims decided from the evaluation's metrics. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Verdict } from "../../pipeline/types.ts";
import type { Metrics } from "../../methods/optima/metrics.ts";
import { claimsSchema } from "../../methods/stats/claim.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";

export const verdict = stage({
  name: "verdict",
  describe: "Decide the pre-registered claims from the per-seed metrics",
  implementation: new URL("./verdict_run.ts", import.meta.url),
  inputs: { metrics: json<Metrics>() },
  /** Claims are parameters: changing one re-runs this stage and the report, nothing else. */
  params: z.object({ claims: claimsSchema }),
  outputs: {
    verdicts: json<Verdict[]>(),
    /** Per-seed values and intervals behind each verdict, for the figures. */
    evidence: json<ClaimEvidence[]>(),
  },
});
