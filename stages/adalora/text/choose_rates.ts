/** Declares the stage that chooses a learning rate for each method at each budget. */

import { z } from "zod";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import type { TriedRate } from "./try_rates.ts";

/** The rate of the smallest mean loss over the tasks, by method and budget. */
export interface ChosenRates {
  readonly [method: string]: { readonly [rank: string]: number };
}

export const chooseRates = stage({
  name: "choose_rates",
  describe: "choose learning rates by the loss of validation texts",
  implementation: new URL("./choose_rates_run.ts", import.meta.url),
  inputs: { tried: many(json<TriedRate[]>()) },
  params: z.strictObject({}),
  outputs: { rates: json<ChosenRates>(), sections: json<ReportSection[]>() },
});
