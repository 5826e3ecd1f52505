/** Declares the report stage: figures and tables of the LoSparse reproduction. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import type { Compressed } from "./compress.ts";
import type { CompressedText } from "./text/compress_text.ts";
import type { MapPremise } from "./text/decompose.ts";

export const report = stage({
  name: "report",
  describe: "Draw the figures and tables of the report",
  implementation: new URL("./report_run.ts", import.meta.url),
  inputs: {
    all: json<Compressed[]>(),
    text: json<CompressedText[]>(),
    premises: json<MapPremise[]>(),
    noise: json<MapPremise[]>(),
    verdicts: json<Verdict[]>(),
    evidence: json<ClaimEvidence[]>(),
  },
  params: z.object({}),
  outputs: { sections: json<ReportSection[]>() },
});
