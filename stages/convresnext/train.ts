/** Declares the stage that trains and measures the networks of a group of cells. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Outcome } from "../../methods/convresnext/cell.ts";
import { cellParams } from "./schema.ts";

export const train = stage({
  name: "train",
  describe: "Train ConvResNeXts of all seeds together and measure them",
  implementation: new URL("./train_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({ cells: z.array(cellParams).min(1) }),
  /** For each cell the outcomes of its seeds. */
  outputs: { outcomes: json<Outcome[][]>() },
  provider: true,
});
