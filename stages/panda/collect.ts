/** Declares the stage that gathers all results, and turns them into replicates for the verdicts. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { GeneResult } from "../../methods/panda/gene_study.ts";
import type { Studies } from "../../methods/stats/claims.ts";
import type { SensitivityResult } from "./sense.ts";
import type { CellResult } from "./simulate.ts";
import type { Variations } from "./vary.ts";

/** Everything that a run measured; parts of one cell or model are joined. */
export interface Results {
  readonly cells: readonly CellResult[];
  readonly sensitivity: readonly SensitivityResult[];
  readonly variations: Variations;
  readonly leukemia: GeneResult;
  readonly srbct: GeneResult;
}

export const collect = stage({
  name: "collect",
  describe: "Gather the results, and the replicates behind each claim",
  implementation: new URL("./collect_run.ts", import.meta.url),
  inputs: {
    cells: many(json<CellResult>()),
    sensitivity: many(json<SensitivityResult>()),
    variations: json<Variations>(),
    leukemia: json<GeneResult>(),
    srbct: json<GeneResult>(),
  },
  params: z.strictObject({
    /** Studies that claims ask for: those that the preset leaves out are listed as such. */
    studies: z.array(z.string()),
  }),
  outputs: { results: json<Results>(), studies: json<Studies>() },
});
