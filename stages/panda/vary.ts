/** Declares the stage of the smaller studies: c, the rate in n, and the parameters of the theory. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { PenaltyOutcome, TheoryOutcome } from "../../methods/panda/studies.ts";
import { pandaConfig, penalty, rate, tuning } from "./schema.ts";

/** What the smaller studies measured. */
export interface Variations {
  /** Table 1: for each replicate, the tuned scores for each c. */
  readonly penalty: {
    readonly penalties: readonly number[];
    readonly replicates: readonly {
      readonly seed: number;
      readonly outcomes: readonly PenaltyOutcome[];
    }[];
  };
  /** ‖β̂ − β*‖₂ for each n. */
  readonly rate: {
    readonly sizes: readonly number[];
    readonly replicates: readonly { readonly seed: number; readonly l2: readonly number[] }[];
  };
  /** Tables 8 and 9. */
  readonly theory: readonly ({ readonly seed: number } & TheoryOutcome)[];
}

export const vary = stage({
  name: "vary",
  describe: "Vary c and n, and try the theory's parameters",
  implementation: new URL("./vary_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    penalty,
    rate,
    theory: pandaConfig.shape.theory,
    tuning,
    populationSeed: z.int(),
    firstSeed: z.int(),
  }),
  outputs: { result: json<Variations>() },
});
