/** Declares the stage that times exported classifiers and runs them in another build of ONNX Runtime. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { MeasurementTable } from "../../../pipeline/types.ts";
import { type DeployedModel, modelsKind } from "./deployed.ts";
import { textTaskKind } from "./kinds.ts";

export const measureParams = z.strictObject({
  threads: z.array(z.int().positive()).min(1).describe(
    "thread counts; providers other than cpu have one",
  ),
  repetitions: z.int().positive().describe("timed runs of each model"),
});

export const measure = stage({
  name: "measure",
  describe: "time exported models and compare their predictions in two builds of ONNX Runtime",
  implementation: new URL("./measure_run.ts", import.meta.url),
  inputs: { models: modelsKind, about: json<DeployedModel[]>(), task: textTaskKind },
  params: measureParams,
  outputs: { tables: json<MeasurementTable[]>() },
  provider: true,
  // More than there are: nothing runs beside it.
  resources: { cores: 1024 },
});
