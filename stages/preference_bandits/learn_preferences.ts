/** Declares the stage that draws comparisons and learns from them, for all conditions of one study. */

import { z } from "zod";
import { json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { FittedData } from "../../methods/preference_bandits/preference_study.ts";
import { banditSpec, randomBandit, replications, transformSpec } from "./condition_schema.ts";
import type { Results } from "./learn_ratings.ts";
import { mleOptions } from "./schema.ts";

/** One way in which preferences come about. */
export const preferenceCondition = z.discriminatedUnion("problem", [
  z.strictObject({
    problem: z.literal("two_arm"),
    name: z.string(),
    sizes: z.array(z.int()),
    bandit: banditSpec,
    transform: transformSpec,
    informative: z.boolean().default(true),
  }),
  z.strictObject({
    problem: z.literal("tabular"),
    name: z.string(),
    sizes: z.array(z.int()),
    bandit: randomBandit,
    transform: transformSpec,
  }),
  z.strictObject({
    problem: z.literal("random"),
    name: z.string(),
    sizes: z.array(z.int()),
    contexts: z.int(),
    arms: z.int(),
    dimension: z.int(),
    norm: z.number(),
  }),
  z.strictObject({
    problem: z.literal("four_actions"),
    name: z.string(),
    sizes: z.array(z.int()),
    balanced: z.boolean(),
  }),
]);
export type PreferenceCondition = z.input<typeof preferenceCondition>;

/** Data sets with their estimates, and the design that they share. */
export interface Fitted {
  readonly study: string;
  readonly condition: string;
  readonly dimension: number;
  /** m × d, row-major. */
  readonly differences: readonly number[];
  readonly data: readonly FittedData[];
}

export const learnPreferences = stage({
  name: "learn_preferences",
  describe: "Draw comparisons, maximise their likelihood, choose greedily and pessimistically",
  implementation: new URL("./learn_preferences_run.ts", import.meta.url),
  inputs: {},
  params: replications.extend({
    mle: mleOptions,
    /**
     * `program`: the vmapped ONNX training program. `newton`: plain TypeScript, for designs so unbalanced
     * that gradient descent would need √n steps and more.
     */
    estimator: z.enum(["program", "newton"]),
    /** Factors on the radius of the confidence set, by the name of the learner. */
    learners: z.record(z.string(), z.number().min(0)),
    conditions: z.array(preferenceCondition),
  }),
  outputs: { results: json<Results>(), fitted: json<Fitted[]>() },
  provider: true,
});
