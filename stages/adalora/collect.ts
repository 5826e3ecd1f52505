/** Declares the stage that lays the results out for the claims and the report. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Studies } from "../../methods/stats/claims.ts";
import type { Adapted } from "./adapt.ts";
import type { FineTuned } from "./text/fine_tune.ts";

export const collect = stage({
  name: "collect",
  describe: "metrics of each seed, as the claims name them",
  implementation: new URL("./collect_run.ts", import.meta.url),
  inputs: { adapted: many(json<Adapted>()), tuned: many(json<FineTuned>()) },
  params: z.strictObject({}),
  outputs: { studies: json<Studies>(), all: json<Adapted[]>(), text: json<FineTuned[]>() },
});
