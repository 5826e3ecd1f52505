/** Declares the report of a preset at the paper's scale. */

import { z } from "zod";
import { stage } from "../../../pipeline/declare/stage.ts";
import { reportStage } from "../../common/glue/paper_stages.ts";
import { benchmarkName } from "../../common/glue/schema.ts";
import { paperSettings } from "./schema.ts";

export const reportBenchmarks = stage({
  ...reportStage,
  implementation: new URL("./report_benchmarks_run.ts", import.meta.url),
  params: z.strictObject({ settings: z.partialRecord(benchmarkName, paperSettings) }),
});
