/** Declares the stage that chooses each method's learning rate on the calibration seeds. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Adaptation } from "../../methods/adalora/variants.ts";
import type { Rates } from "../common/choose_rates.ts";
import { needName, sizes, training } from "./schema.ts";

export const tune = stage({
  name: "tune",
  describe: "choose a learning rate for each method on calibration seeds",
  implementation: new URL("./tune_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    need: needName,
    sizes,
    training,
    rank: z.int(),
    initial: z.number(),
    rates: z.array(z.number()),
    seeds: z.array(z.int()),
  }),
  outputs: { rates: json<Rates<Adaptation>>() },
  provider: true,
});
