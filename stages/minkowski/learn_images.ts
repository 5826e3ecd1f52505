/** Declares the stage that fits networks to samples of a real design: images, a made target. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { StudyResult } from "../../methods/minkowski/study.ts";
import { imageDesign } from "./prepare_images.ts";
import { rowCounts, studySettings } from "./schema.ts";

export const learnImages = stage({
  name: "learn_images",
  describe: "Learning curves and counts of cells of a design of real images",
  implementation: new URL("./learn_images_run.ts", import.meta.url),
  inputs: { images: imageDesign, eigenvalues: json<number[]>() },
  params: z.strictObject({
    seeds: z.array(z.int()).min(1),
    study: studySettings,
    rows: rowCounts,
  }),
  outputs: { result: json<StudyResult>() },
  resources: { cores: 1, memory: 1500 },
  provider: true,
});
