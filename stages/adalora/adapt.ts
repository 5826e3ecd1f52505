/** Declares the stage that adapts networks of one need by every method at every budget. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Need } from "../../methods/adalora/planted.ts";
import type { AdaptationOutcome } from "../../methods/adalora/study.ts";
import type { Adaptation } from "../../methods/adalora/variants.ts";
import { needName, sizes, training } from "./schema.ts";
import type { Rates } from "../common/choose_rates.ts";

/** What the replicates of one need came to. */
export interface Adapted {
  readonly need: Need;
  readonly seeds: readonly number[];
  readonly results: readonly {
    readonly method: Adaptation;
    readonly rank: number;
    readonly lr: number;
    /** In the order of seeds. */
    readonly outcomes: readonly AdaptationOutcome[];
  }[];
}

export const adapt = stage({
  name: "adapt",
  describe: "adapt frozen networks by every method at every budget",
  implementation: new URL("./adapt_run.ts", import.meta.url),
  inputs: { rates: json<Rates<Adaptation>>() },
  params: z.strictObject({
    need: needName,
    sizes,
    training,
    ranks: z.array(z.int()),
    initial: z.number(),
    seeds: z.array(z.int()),
  }),
  outputs: { adapted: json<Adapted>() },
  provider: true,
});
