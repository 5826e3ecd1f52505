/** Parts of conditions that both routes share. */

import { z } from "zod";

/** Random rewards of several arms: another bandit in each block, the same for every condition of a block. */
export const randomBandit = z.strictObject({
  contexts: z.int().min(1),
  arms: z.int().min(2),
});

/** See methods/preference_bandits/problems.ts, TwoArmSpec. */
export const banditSpec = z.strictObject({
  contexts: z.int(),
  top: z.number(),
  gap: z.number().positive(),
  shrinking: z.boolean().default(false),
  concentrability: z.number().gt(1).default(2),
});

/** See methods/preference_bandits/transform.ts. */
export const transformSpec = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("saturation"), k: z.number().min(0) }),
  z.strictObject({ kind: z.literal("reversing") }),
]);

/** How often a study is repeated. */
export const replications = z.strictObject({
  study: z.string().describe("names the random streams"),
  seed: z.int(),
  blocks: z.int(),
  replications: z.int(),
});
