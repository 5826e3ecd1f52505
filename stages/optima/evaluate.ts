/** Declares the stage that scores all students and the teacher on held-out concepts. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Metrics } from "../../methods/optima/metrics.ts";
import type { RunTrace } from "./distill.ts";
import { datasetKind, studentWeights, teacherStates, teacherWeights } from "./kinds.ts";
import { modelShape } from "./schema.ts";
import type { LossPoint } from "./train_teacher.ts";

export const evaluate = stage({
  name: "evaluate",
  describe: "layer losses, retrieval, captioning and regret on held-out concepts",
  implementation: new URL("./evaluate_run.ts", import.meta.url),
  inputs: {
    data: datasetKind,
    states: teacherStates,
    teacher: teacherWeights,
    teacherCurve: json<LossPoint[]>(),
    students: many(studentWeights),
    /** In the order of `students`. */
    traces: many(json<RunTrace>()),
  },
  params: z.strictObject({
    student: modelShape,
    teacher: modelShape,
    seeds: z.array(z.int()),
    conditions: z.array(z.string()),
    policies: z.array(z.string()),
    sampleImages: z.int().min(0),
  }),
  outputs: { metrics: json<Metrics>() },
  resources: { cores: 2 },
  provider: true,
});
