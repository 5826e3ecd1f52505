/** Declares the verdict stage: pre-registered claims decided from the replicates of a paper's studies. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Verdict } from "../../pipeline/types.ts";
import { claimsSchema } from "../../methods/stats/claim.ts";
import type { ClaimEvidence, Studies } from "../../methods/stats/claims.ts";

export const verdict = stage({
  name: "verdict",
  describe: "Decide the pre-registered claims from the replicates of each study",
  implementation: new URL("./verdict_run.ts", import.meta.url),
  inputs: { studies: json<Studies>() },
  /** Claims are parameters: changing one re-runs this stage and the report, nothing else. */
  params: z.object({ claims: claimsSchema }),
  outputs: {
    verdicts: json<Verdict[]>(),
    /** Per-seed values and intervals behind each verdict, for the figures. */
    evidence: json<ClaimEvidence[]>(),
  },
});
