/** Declares the stage that decomposes the maps of the user's encoder. */

import { z } from "zod";
import { stage } from "../../../pipeline/declare/stage.ts";
import { userFileKind } from "../../common/glue/kinds.ts";
import { factorsKind } from "../text/kinds.ts";

export const decomposeBenchmark = stage({
  name: "decompose_benchmark",
  describe: "the leading singular vectors of the user's encoder",
  implementation: new URL("./decompose_benchmark_run.ts", import.meta.url),
  inputs: { config: userFileKind, weights: userFileKind },
  params: z.strictObject({
    weights: z.string(),
    ratio: z.number().describe("largest share of a map's entries that is asked for later"),
  }),
  outputs: { factors: factorsKind },
});
