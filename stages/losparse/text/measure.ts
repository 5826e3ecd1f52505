/** Declares the stage that times the exported models and runs them in another build of ONNX Runtime. */

import { z } from "zod";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { MeasurementTable } from "../../../pipeline/types.ts";
import { textTaskKind } from "../../common/text/kinds.ts";
import type { DeployedModel } from "./deploy.ts";
import { modelsKind } from "./kinds.ts";

export const measure = stage({
  name: "measure",
  describe: "time the exported models, and compare their predictions in two builds of ONNX Runtime",
  implementation: new URL("./measure_run.ts", import.meta.url),
  inputs: { models: modelsKind, about: json<DeployedModel[]>(), task: textTaskKind },
  params: z.strictObject({
    tokens: z.int(),
    batches: z.array(z.int()),
    threads: z.array(z.int()),
    repetitions: z.int(),
  }),
  outputs: { tables: json<MeasurementTable[]>() },
  provider: true,
  // All cores there are, so that nothing runs beside it.
  resources: { cores: 1024 },
});
