/** Declares the stage that compares the ONNX program's estimates with Newton's method, data set by data set. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Fitted } from "./learn_preferences.ts";
import { mleOptions } from "./schema.ts";

/** Largest |θ̂_program − θ̂_newton| over the data sets of each block. */
export interface Agreement {
  readonly study: string;
  readonly condition: string;
  readonly dataSets: number;
  /** Of these, data sets whose estimate lies on the boundary of Θ_B. */
  readonly onBoundary: number;
  /** By block: the program as it was run. */
  readonly program: readonly number[];
  /** By block: the program stopped after `stoppedAt` steps, which must be found out. */
  readonly stopped: readonly number[];
}

export const checkEstimates = stage({
  name: "check_estimates",
  describe: "Compare the program's estimates with Newton's method on the same data sets",
  implementation: new URL("./check_estimates_run.ts", import.meta.url),
  inputs: { fitted: many(json<Fitted[]>()) },
  params: z.strictObject({
    mle: mleOptions,
    blocks: z.int(),
    /** Steps of the planted failure. */
    stoppedAt: z.int().min(1).default(5),
  }),
  outputs: { agreement: json<Agreement[]>() },
  provider: true,
});
