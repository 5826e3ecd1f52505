/** Declares the stage that fits the kernel methods to the samples of a group of cells. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Outcome } from "../../methods/convresnext/cell.ts";
import { cellParams } from "./schema.ts";

export const fitKernels = stage({
  name: "fit_kernels",
  describe: "Fit kernel ridge regression and a Gaussian process to the same samples",
  implementation: new URL("./fit_kernels_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    /** What only networks need is left out, so that changing it fits nothing again. */
    cells: z.array(cellParams.omit({ network: true, training: true, decay: true })).min(1),
  }),
  outputs: { krr: json<Outcome[][]>(), gp: json<Outcome[][]>() },
});
