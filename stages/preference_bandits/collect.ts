/** Declares the stage that gathers the results of all studies and derives the metrics of the claims. */

import { json, many } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import { z } from "zod";
import type { Studies } from "../../methods/stats/claims.ts";
import type { Agreement } from "./check_estimates.ts";
import type { Results } from "./learn_ratings.ts";
import { preferenceBanditsConfig } from "./schema.ts";

/** Results of every study by route. */
export interface AllResults {
  readonly ratings: Record<string, Results>;
  readonly preferences: Record<string, Results>;
  readonly agreement: readonly Agreement[];
}

export const collect = stage({
  name: "collect",
  describe: "Gather the studies, fit slopes and crossing sizes block by block",
  implementation: new URL("./collect_run.ts", import.meta.url),
  inputs: {
    ratings: many(json<Results>()),
    preferences: many(json<Results>()),
    agreement: json<Agreement[]>(),
  },
  params: z.strictObject({
    /** Names of the studies, in the order of the inputs. */
    ratings: z.array(z.string()),
    preferences: z.array(z.string()),
    config: preferenceBanditsConfig,
  }),
  outputs: { results: json<AllResults>(), studies: json<Studies>() },
});
