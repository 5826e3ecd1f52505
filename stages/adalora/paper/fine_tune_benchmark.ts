/** Declares the stage that fine-tunes the user's encoder on a benchmark from one seed. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { benchmarkTaskKind, userFileKind } from "../../common/glue/kinds.ts";
import type { BenchmarkRun } from "../../common/glue/runs.ts";
import { computing } from "../../common/glue/schema.ts";
import { TEXT_METHODS } from "../../../methods/adalora/method_trainer.ts";
import { paperSettings } from "./schema.ts";

export const fineTuneBenchmark = stage({
  name: "fine_tune_benchmark",
  describe: "fine-tune the user's encoder on a benchmark",
  implementation: new URL("./fine_tune_benchmark_run.ts", import.meta.url),
  inputs: { task: benchmarkTaskKind, config: userFileKind, weights: userFileKind },
  params: z.strictObject({
    weights: z.string(),
    method: z.enum(TEXT_METHODS),
    budget: z.string(),
    rank: z.int(),
    initial: z.int(),
    settings: paperSettings.omit({ tokens: true, stride: true }),
    seed: z.int(),
    heldOut: z.int().min(0).default(0).describe(
      "training texts that take the place of the development sets",
    ),
    computing,
  }),
  outputs: { run: json<BenchmarkRun>() },
  provider: true,
  // More than there are: all threads, and no other run beside it in memory.
  resources: { cores: 1024 },
});
