/** Declares the stage that fills cells of the paper's tables: replicates of one population. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { MethodName, TunedScores } from "../../methods/panda/replicate.ts";
import { cell, tuning } from "./schema.ts";

/** What one replicate gave. */
export interface CellReplicate {
  readonly seed: number;
  readonly methods: Partial<Record<MethodName, TunedScores>>;
}

/** Replicates of one cell. */
export interface CellResult {
  readonly cell: string;
  /** Δ and Φ(−Δ/2) of the population. */
  readonly delta: number;
  readonly bayesRisk: number;
  readonly replicates: readonly CellReplicate[];
}

export const simulate = stage({
  name: "simulate",
  describe: "Sample, tune and score each method on one population",
  implementation: new URL("./simulate_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    cell: cell.required({ methods: true }),
    tuning,
    populationSeed: z.int(),
    firstSeed: z.int(),
  }),
  outputs: { result: json<CellResult>() },
});
