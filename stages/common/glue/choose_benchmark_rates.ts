/** Declares the stage that chooses learning rates by texts held out of the training sets. */

import { z } from "zod";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import type { BenchmarkRun } from "./runs.ts";

/** Rates by method, budget and task, as presets have them. */
export interface BenchmarkRates {
  readonly [method: string]: { readonly [budget: string]: { readonly [task: string]: number } };
}

export const chooseBenchmarkRates = stage({
  name: "choose_benchmark_rates",
  describe: "choose learning rates by the loss of held-out texts",
  implementation: new URL("./choose_benchmark_rates_run.ts", import.meta.url),
  inputs: { tried: many(json<BenchmarkRun>()) },
  params: z.strictObject({}),
  outputs: { rates: json<BenchmarkRates>(), sections: json<ReportSection[]>() },
});
