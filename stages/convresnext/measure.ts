/** Declares the stage that puts the outcomes of all cells together. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Outcome } from "../../methods/convresnext/cell.ts";
import { type CellResult, STUDIES } from "../../methods/convresnext/results.ts";
import type { Studies } from "../../methods/stats/claims.ts";
import { cellParams } from "./schema.ts";

export const measure = stage({
  name: "measure",
  describe: "Fit exponents and put the numbers of each seed together",
  implementation: new URL("./measure_run.ts", import.meta.url),
  inputs: { outcomes: many(json<Outcome[][]>()) },
  params: z.strictObject({
    seeds: z.array(z.int()).min(1),
    /** What each of `outcomes` is. */
    groups: z.array(z.strictObject({
      study: z.enum(STUDIES),
      arm: z.string(),
      method: z.enum(["net", "krr", "gp"]),
      cells: z.array(cellParams),
    })),
  }),
  outputs: {
    results: json<CellResult[]>(),
    studies: json<Studies>(),
  },
});
