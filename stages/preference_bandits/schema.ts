/** The configuration of the experiments: one zod schema for every preset, with defaults and reasons. */

import { z } from "zod";

const sizes = z.array(z.int().min(2)).min(2).describe("sample sizes n, increasing");
const replications = z.int().min(1).describe("data sets for each block, condition and sample size");

/** Ratings against preferences on one bandit, with and without bias. */
const crossing = z.strictObject({
  sizes,
  replications,
  saturations: z.array(z.number().min(0)).describe(
    "k of h̄(r) = tanh(kr)/tanh(k), for both routes; 0 is no bias",
  ),
});

/** A saturation matched to n: what it leaves of the gap shrinks as c/√n, the true gap stays. */
const matched = z.strictObject({
  sizes,
  replications,
  gap: z.number().positive().describe("c; c/√n must stay below the true gap"),
});

/** The main experiment on random bandits with more arms; blocks are bandits. */
const bandits = z.strictObject({
  sizes,
  replications,
  contexts: z.int().min(1),
  arms: z.int().min(2),
  saturations: z.array(z.number().min(0)),
});

/** Single data sets, for the share of runs within their bound. */
const validity = z.strictObject({
  ratings: z.int().min(2).describe("n of the rating data sets"),
  preferences: z.int().min(2).describe("n of the preference data sets: their bound is wider"),
  dataSets: z.int().min(1),
  saturation: z.number().positive().describe("k of the biased control"),
});

/** Sample size at which half of the coin-flip loss is left, against the gap that h leaves. */
const saturationLaw = z.strictObject({
  saturations: z.array(z.number().positive()).min(2),
  factors: z.array(z.number().positive()).min(2).describe(
    "sample sizes, as multiples of the predicted n½; the crossing is read off a fit through them",
  ),
  replications,
});

/** Gaps that shrink as c/√n: where the rates in n are attained. */
const worstCase = z.strictObject({
  sizes,
  replications,
  ratingGap: z.number().positive().describe("c for ratings"),
  preferenceGap: z.number().positive().describe("c for preferences"),
});

/** C* against the largest loss over a grid of gaps c/√n. */
const concentrability = z.strictObject({
  size: z.int().min(2),
  replications,
  values: z.array(z.number().gt(1)).min(2),
  gaps: z.array(z.number().positive()).min(1).describe("the grid of c"),
});

/** Noise that grows with the reward. */
const rewardNoise = z.strictObject({
  sizes,
  replications,
  gap: z.number().positive(),
  sigma: z.number().positive().describe("σ at reward 1"),
  exponents: z.array(z.number().min(0)).min(2).describe("q of σ(r) = σ r^q; 0 is the control"),
});

/** How much rating noise makes one rating worth one comparison. */
const price = z.strictObject({
  size: z.int().min(2).describe("comparisons; ratings get as many, and twice as many"),
  replications,
  sigmas: z.array(z.number().positive()).min(2),
});

/** Greedy against pessimistic choice on Zhu, Jordan and Jiao's four actions (a reconstruction). */
const fourActions = z.strictObject({ sizes, replications });

/** Unbiased preferences on a random linear bandit. */
const linear = z.strictObject({
  sizes,
  replications,
  contexts: z.int().min(1),
  arms: z.int().min(2),
  dimension: z.int().min(1),
  norm: z.number().positive().describe("‖θ*‖; features have norm 1"),
});

/** Parameter error against the dimension. */
const dimensions = z.strictObject({
  values: z.array(z.int().min(1)).min(2),
  size: z.int().min(2),
  replications,
  contexts: z.int().min(1),
  arms: z.int().min(2),
  norm: z.number().positive().describe(
    "‖θ*‖; small, since 4d/n is the limit for small differences of rewards",
  ),
});

/** Lower confidence bounds on ratings. */
export const lcbOptions = z.strictObject({
  constant: z.number().positive().default(Math.SQRT2).describe(
    "c of b = c V √(log(SA/δ)/N); √2 with V = σ is Hoeffding's bound. The theorem's was not available",
  ),
  delta: z.number().gt(0).lt(1).default(0.1),
});

/** Maximum likelihood on preferences and its confidence set. */
export const mleOptions = z.strictObject({
  ball: z.number().positive().describe("B of Θ_B; must exceed ‖θ*‖"),
  delta: z.number().gt(0).lt(1).default(0.1),
  ridge: z.number().positive().default(0.25).describe(
    "λ = ridge/n is added to Σ_D; at 1/(4B²)-like values it adds little to the radius",
  ),
  steps: z.int().min(1).describe("gradient steps of the ONNX training program"),
  tolerance: z.number().positive().describe("gradient mapping at which an estimate has converged"),
  checked: z.int().min(1).describe(
    "data sets of each block and size on which Newton's method is compared with the program",
  ),
});

/** One preset of stages/preference_bandits/config.yaml. */
export const preferenceBanditsConfig = z.strictObject({
  seed: z.int().min(0),
  blocks: z.int().min(1).describe(
    "independent blocks of replications: the units of every test, so 20 give an exact sign-flip test",
  ),
  bandit: z.strictObject({
    contexts: z.int().min(1),
    top: z.number().positive().max(1).describe("reward of the better arm"),
    gap: z.number().positive().max(1),
    sigma: z.number().positive().describe("standard deviation of a rating"),
  }),
  lcb: lcbOptions.prefault({}),
  mle: mleOptions,
  crossing,
  matched,
  bandits,
  validity,
  saturationLaw,
  worstCase,
  concentrability,
  rewardNoise,
  price,
  fourActions,
  linear,
  dimensions,
}).superRefine(({ mle, bandit, linear, dimensions }, context) => {
  // An estimate confined to a ball that does not hold the truth converges to something else.
  const norms = [
    ["bandit", "gap", bandit.gap * Math.sqrt(bandit.contexts)],
    ["linear", "norm", linear.norm],
    ["dimensions", "norm", dimensions.norm],
  ] as const;
  for (const [group, field, norm] of norms) {
    if (norm < mle.ball) continue;
    const message = `gives a parameter of norm ${norm}, outside the ball of radius ${mle.ball}`;
    context.addIssue({ code: "custom", message, path: [group, field] });
  }
});
export type PreferenceBanditsConfig = z.output<typeof preferenceBanditsConfig>;
