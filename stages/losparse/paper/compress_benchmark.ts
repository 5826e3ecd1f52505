/** Declares the stage that compresses the user's encoder on a benchmark from one seed. */

import { z } from "zod";
import { TEXT_METHODS } from "../../../methods/losparse/text_methods.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { runParams, runStage } from "../../common/glue/paper_stages.ts";
import { factorsKind } from "../text/kinds.ts";
import { paperSettings } from "./schema.ts";

export const compressBenchmark = stage({
  ...runStage,
  name: "compress_benchmark",
  describe: "compress the user's encoder while it is fine-tuned on a benchmark",
  implementation: new URL("./compress_benchmark_run.ts", import.meta.url),
  inputs: { ...runStage.inputs, factors: factorsKind },
  params: z.strictObject({
    ...runParams,
    method: z.enum(TEXT_METHODS),
    ratio: z.number(),
    lowRank: z.number(),
    settings: paperSettings.omit({ tokens: true, stride: true }),
  }),
});
