/** Declares the stage that chooses learning rates, and LoSparse's share of low rank. */

import { z } from "zod";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import type { TriedSetting } from "./try_settings.ts";

/** What `config.yaml` takes over. */
export interface ChosenSettings {
  /** By budget. */
  readonly shares: Readonly<Record<string, number>>;
  /** By task, method and budget. */
  readonly rates: Readonly<Record<string, Record<string, Record<string, number>>>>;
}

export const chooseSettings = stage({
  name: "choose_settings",
  describe: "choose settings by the loss of validation texts",
  implementation: new URL("./choose_settings_run.ts", import.meta.url),
  inputs: { tried: many(json<TriedSetting[]>()) },
  params: z.strictObject({}),
  outputs: { chosen: json<ChosenSettings>(), sections: json<ReportSection[]>() },
});
