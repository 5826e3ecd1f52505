/** Declares the stage that compresses the user's encoder on a benchmark from one seed. */

import { z } from "zod";
import { TEXT_METHODS } from "../../../methods/losparse/text_methods.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { benchmarkTaskKind, userFileKind } from "../../common/glue/kinds.ts";
import type { BenchmarkRun } from "../../common/glue/runs.ts";
import { computing } from "../../common/glue/schema.ts";
import { factorsKind } from "../text/kinds.ts";
import { paperSettings } from "./schema.ts";

export const compressBenchmark = stage({
  name: "compress_benchmark",
  describe: "compress the user's encoder while it is fine-tuned on a benchmark",
  implementation: new URL("./compress_benchmark_run.ts", import.meta.url),
  inputs: {
    task: benchmarkTaskKind,
    config: userFileKind,
    weights: userFileKind,
    factors: factorsKind,
  },
  params: z.strictObject({
    weights: z.string(),
    method: z.enum(TEXT_METHODS),
    budget: z.string(),
    ratio: z.number(),
    lowRank: z.number(),
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
