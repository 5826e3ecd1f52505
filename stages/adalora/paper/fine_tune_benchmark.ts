/** Declares the stage that fine-tunes the user's encoder on a benchmark from one seed. */

import { z } from "zod";
import { TEXT_METHODS } from "../../../methods/adalora/method_trainer.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { runParams, runStage } from "../../common/glue/paper_stages.ts";
import { paperSettings } from "./schema.ts";

export const fineTuneBenchmark = stage({
  ...runStage,
  name: "fine_tune_benchmark",
  describe: "fine-tune the user's encoder on a benchmark",
  implementation: new URL("./fine_tune_benchmark_run.ts", import.meta.url),
  params: z.strictObject({
    ...runParams,
    method: z.enum(TEXT_METHODS),
    rank: z.int(),
    initial: z.int(),
    settings: paperSettings.omit({ tokens: true, stride: true }),
  }),
});
