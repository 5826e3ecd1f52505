/** The schema of a pre-registered claim: what is compared, how, and what counts as reproduced. */

import { z } from "zod";

/**
 * A margin: a number, an expression without metrics ("log(1.01)"), or a fraction of a reference that
 * is measured in the same run (it then enters the test seed by seed).
 */
const margin = z.union([
  z.number().positive(),
  z.string().min(1),
  z.strictObject({
    /** Share of the reference, e.g. 0.01 for 1 %. */
    fraction: z.number().positive(),
    /** Expression of the reference, like `estimand`. */
    of: z.string().min(1),
  }),
]);

/** mathjs expression over the metrics of one seed, written `metric.condition.policy`. */
const estimand = z.string().min(1);

const common = {
  /** snake_case, unique in the file. */
  id: z.string().regex(/^[a-z][a-z0-9_]*$/, "must be snake_case"),
  /** One sentence that is true if the claim holds. */
  statement: z.string().min(1),
  /** Where the paper says it, with its certainty tag, e.g. "[abs] …" or "[der] …". */
  source: z.string().min(1),
  /** What the paper states, in words or a number with its certainty; null when nothing was found. */
  paper: z.string().min(1).nullable().default(null),
  /** The study whose replicates are tested; needed when a run has several. */
  study: z.string().min(1).nullable().default(null),
  /**
   * How the estimand is shown. `log_ratio`: the estimand is a logarithm of a ratio, tested as it is
   * and shown as relative change, exp(x) − 1. `difference`: shown as it is.
   */
  scale: z.enum(["difference", "log_ratio"]).default("difference"),
  /** Level of the test after the correction. */
  alpha: z.number().gt(0).lt(0.5).default(0.05),
  /** Fewer seeds than this leave the claim inconclusive. */
  minimum_n: z.int().min(2).default(6),
  /** Claims of one family share Holm's correction. */
  family: z.string().min(1),
  /** In words: when this claim can be neither confirmed nor refused. */
  inconclusive: z.string().min(1),
};

/** The mean estimand differs from zero in the claimed direction (exact sign-flip test). */
const superiority = z.strictObject({
  ...common,
  kind: z.literal("superiority"),
  estimand,
  /** Direction of the test. */
  alternative: z.enum(["less", "greater", "two-sided"]),
  /** For `two-sided`: the direction that the claim predicts. */
  favours: z.enum(["less", "greater"]).optional(),
  /** Smallest effect that matters: without a significant p, an effect shown to be inside ± this counts as not reproduced. */
  negligible: margin.optional(),
}).refine((c) => c.alternative !== "two-sided" || c.favours !== undefined, {
  path: ["favours"],
  error: "is required with `alternative: two-sided`",
});

/** The mean estimand lies inside ±margin (paired TOST). */
const equivalence = z.strictObject({
  ...common,
  kind: z.literal("equivalence"),
  estimand,
  margin,
});

/** The mean estimand is not worse than the margin (one side of the TOST). */
const noninferiority = z.strictObject({
  ...common,
  kind: z.literal("noninferiority"),
  estimand,
  margin,
  /** `less`: small values are good, so the estimand must stay below +margin; `greater`: above −margin. */
  alternative: z.enum(["less", "greater"]),
});

/** A situation in which the effect must be absent: inside ±margin (paired TOST). */
const control = z.strictObject({ ...common, kind: z.literal("control"), estimand, margin });

/**
 * The mean estimand agrees with a printed one (z test with both standard errors). Agreement is not a
 * discovery, so the test stands outside Holm's correction: a match is refused at level α.
 */
const match = z.strictObject({
  ...common,
  kind: z.literal("match"),
  estimand,
  /** What the paper prints: mean, standard deviation over its replicates, and their number. */
  published: z.strictObject({
    value: z.number(),
    sd: z.number().nonnegative(),
    n: z.int().min(1),
  }),
  /** Largest standard error of the difference that can show a match: a vaguer one is inconclusive. */
  precision: z.number().positive(),
});

/** The estimands rise, or fall, in the order in which they are listed (Page's test, seeds are blocks). */
const trend = z.strictObject({
  ...common,
  kind: z.literal("trend"),
  estimands: z.array(estimand).min(3),
  alternative: z.enum(["increasing", "decreasing"]),
});

/** The share of replicates in which the estimand is 1, not 0, lies beyond a limit (exact binomial test). */
const proportion = z.strictObject({
  ...common,
  kind: z.literal("proportion"),
  estimand,
  /** `greater`: the share exceeds `share`; `less`: it stays below. */
  alternative: z.enum(["less", "greater"]),
  /** The limit, in (0, 1). */
  share: z.number().gt(0).lt(1),
});

/** One pre-registered claim. */
export const claimSchema = z.discriminatedUnion("kind", [
  superiority,
  equivalence,
  noninferiority,
  control,
  match,
  trend,
  proportion,
]);
export type Claim = z.output<typeof claimSchema>;
export type Margin = z.output<typeof margin>;

/** The expressions that a claim evaluates for each seed: several for a trend, else one. */
export function estimandsOf(claim: Claim): readonly string[] {
  return claim.kind === "trend" ? claim.estimands : [claim.estimand];
}

/** A file of claims. Ids are unique. */
export const claimsSchema = z.array(claimSchema).min(1).superRefine((claims, context) => {
  claims.forEach((claim, i) => {
    if (claims.findIndex((other) => other.id === claim.id) < i) {
      context.addIssue({ code: "custom", path: [i, "id"], message: `"${claim.id}" is used twice` });
    }
  });
});
