/** Declares the stage that draws ratings and learns from them, for all conditions of one study. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { StudyResult } from "../../methods/preference_bandits/rating_study.ts";
import { banditSpec, randomBandit, replications, transformSpec } from "./condition_schema.ts";
import { lcbOptions } from "./schema.ts";

/** Results by the name of the condition. */
export type Results = Record<string, StudyResult>;

/** One way in which ratings come about. */
export const ratingCondition = z.strictObject({
  name: z.string(),
  sizes: z.array(z.int()),
  bandit: z.union([banditSpec, randomBandit]),
  transform: transformSpec,
  sigma: z.number().positive(),
  exponent: z.number().min(0).default(0),
});
export type RatingCondition = z.input<typeof ratingCondition>;

export const learnRatings = stage({
  name: "learn_ratings",
  describe: "Draw ratings and choose by their lower confidence bounds",
  implementation: new URL("./learn_ratings_run.ts", import.meta.url),
  inputs: {},
  params: replications.extend({ lcb: lcbOptions, conditions: z.array(ratingCondition) }),
  outputs: { results: json<Results>() },
});
