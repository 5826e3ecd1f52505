/** Declares the stage that lays the results out for the claims and the report. */

import { z } from "zod";
import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { Studies } from "../../methods/stats/claims.ts";
import type { Compressed } from "./compress.ts";
import type { CompressedText } from "./text/compress_text.ts";
import type { MapPremise } from "./text/decompose.ts";

export const collect = stage({
  name: "collect",
  describe: "metrics of each seed, as the claims name them",
  implementation: new URL("./collect_run.ts", import.meta.url),
  inputs: {
    compressed: many(json<Compressed>()),
    texts: many(json<CompressedText>()),
    premises: json<MapPremise[]>(),
    noise: json<MapPremise[]>(),
  },
  params: z.strictObject({
    averaged: z.array(z.string()),
    premiseRatio: z.number().describe("share of a map's entries that its coherent part may have"),
  }),
  outputs: { studies: json<Studies>(), all: json<Compressed[]>(), text: json<CompressedText[]>() },
});
