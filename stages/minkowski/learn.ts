/** Declares the stage that fits networks to samples of a Gaussian design. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import { DESIGN_NAMES, DESIGNS } from "../../methods/minkowski/designs.ts";
import type { StudyResult } from "../../methods/minkowski/study.ts";
import { rowCounts, studySettings } from "./schema.ts";

export const learn = stage({
  name: "learn",
  describe: "Learning curves and counts of cells of a Gaussian design",
  implementation: new URL("./learn_run.ts", import.meta.url),
  inputs: {},
  params: z.strictObject({
    design: z.enum(DESIGN_NAMES),
    seeds: z.array(z.int()).min(1),
    study: studySettings,
    rows: rowCounts,
  }),
  outputs: { result: json<StudyResult>() },
  // MiB: several copies of all rows of all seeds, and the networks.
  resources: ({ design, seeds, study, rows }) => ({
    cores: 1,
    memory: 400 + Math.ceil(
      seeds.length * DESIGNS[design].dimension * (study.fit.sizes.at(-1)! + rows.fresh) * 20 /
        2 ** 20,
    ),
  }),
  provider: true,
});
