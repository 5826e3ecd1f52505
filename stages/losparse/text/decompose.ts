/** Declares the stage that decomposes the maps of an encoder, and says how far they are as supposed. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind } from "../../common/text/kinds.ts";
import { factorsKind } from "./kinds.ts";

/** What one weight is like. */
export interface MapPremise {
  readonly path: string;
  /** [in, out] */
  readonly shape: readonly number[];
  /** Share of the squared norm that the best approximation of rank 0, 1, … leaves. */
  readonly tails: readonly number[];
  /** Of the norms of output neurons; 3 for a normal distribution. */
  readonly kurtosis: number;
}

export const decompose = stage({
  name: "decompose",
  describe: "singular values and low-rank factors of the encoder's maps",
  implementation: new URL("./decompose_run.ts", import.meta.url),
  inputs: { encoder: encoderKind },
  params: z.strictObject({
    ratio: z.number().positive().describe("share of a map's entries that its factors have"),
  }),
  outputs: {
    factors: factorsKind,
    premises: json<MapPremise[]>(),
    /** One matrix of independent normal entries of each shape. */
    noise: json<MapPremise[]>(),
  },
});
