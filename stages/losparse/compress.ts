/** Declares the stage that compresses networks of one structure by every method at every budget. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Structure } from "../../methods/losparse/planted.ts";
import type { Premise } from "../../methods/losparse/premise.ts";
import type { Method, StudyOutcome } from "../../methods/losparse/study.ts";
import { budget, sizes, structureName, training } from "./schema.ts";
import type { Rates } from "../common/choose_rates.ts";

/** What the replicates of one structure came to. */
export interface Compressed {
  readonly structure: Structure;
  readonly seeds: readonly number[];
  /** Of the first weight of each seed: how far it is coherent, and its neurons uneven. */
  readonly premises: readonly Premise[];
  readonly results: readonly {
    readonly method: Method;
    readonly rank: number;
    readonly lr: number;
    /** In the order of seeds. */
    readonly outcomes: readonly StudyOutcome[];
  }[];
}

export const compress = stage({
  name: "compress",
  describe: "compress networks by every method at every budget",
  implementation: new URL("./compress_run.ts", import.meta.url),
  inputs: { rates: json<Rates<Method>>() },
  params: z.strictObject({
    structure: structureName,
    sizes,
    training,
    budgets: z.array(budget),
    seeds: z.array(z.int()),
  }),
  outputs: { compressed: json<Compressed>() },
  provider: true,
});
