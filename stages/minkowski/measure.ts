/** Declares the stage that turns learning curves into the measures that claims are about. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import { DESIGN_NAMES } from "../../methods/minkowski/designs.ts";
import type { MeasuredDesign } from "../../methods/minkowski/measures.ts";
import type { StudyResult } from "../../methods/minkowski/study.ts";
import type { Studies } from "../../methods/stats/claims.ts";
import { measureRules } from "./schema.ts";

export const measure = stage({
  name: "measure",
  describe: "Slopes, curvatures and dimensions of each seed, beside the predictions",
  implementation: new URL("./measure_run.ts", import.meta.url),
  /** For each design in turn, its nodes of the learn stage. */
  inputs: { results: many(json<StudyResult>()) },
  params: z.strictObject({
    designs: z.array(z.enum(DESIGN_NAMES)),
    rules: measureRules.extend({ smoothness: z.number().positive() }),
  }),
  outputs: { studies: json<Studies>(), designs: json<MeasuredDesign[]>() },
});
