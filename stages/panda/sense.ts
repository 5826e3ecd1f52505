/** Declares the stage of the sensitivity study: error curves over λ̃ for several Δ. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Curve } from "../../methods/panda/studies.ts";
import { METHODS } from "../../methods/panda/replicate.ts";
import { sensitivity, tuning } from "./schema.ts";

/** Curves of some replicates of one model. */
export interface SensitivityResult {
  readonly model: string;
  readonly grid: readonly number[];
  readonly replicates: readonly { readonly seed: number; readonly curves: readonly Curve[] }[];
}

export const sense = stage({
  name: "sense",
  describe: "Error of each method at each λ̃, for several Δ",
  implementation: new URL("./sense_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    study: sensitivity,
    tuning,
    methods: z.array(z.enum(METHODS)),
    firstSeed: z.int(),
  }),
  outputs: { result: json<SensitivityResult>() },
});
