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

const common = {
  /** snake_case, unique in the file. */
  id: z.string().regex(/^[a-z][a-z0-9_]*$/, "must be snake_case"),
  /** One sentence that is true if the claim holds. */
  statement: z.string().min(1),
  /** Where the paper says it, with its certainty tag, e.g. "[abs] …" or "[der] …". */
  source: z.string().min(1),
  /** What the paper states, in words or a number with its certainty; null when nothing was found. */
  paper: z.string().min(1).nullable().default(null),
  /** mathjs expression over the metrics of one seed, written `metric.condition.policy`. */
  estimand: z.string().min(1),
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
const equivalence = z.strictObject({ ...common, kind: z.literal("equivalence"), margin });

/** The mean estimand is not worse than the margin (one side of the TOST). */
const noninferiority = z.strictObject({
  ...common,
  kind: z.literal("noninferiority"),
  margin,
  /** `less`: small values are good, so the estimand must stay below +margin; `greater`: above −margin. */
  alternative: z.enum(["less", "greater"]),
});

/** A situation in which the effect must be absent: inside ±margin (paired TOST). */
const control = z.strictObject({ ...common, kind: z.literal("control"), margin });

/** One pre-registered claim. */
export const claimSchema = z.discriminatedUnion("kind", [
  superiority,
  equivalence,
  noninferiority,
  control,
]);
export type Claim = z.output<typeof claimSchema>;
export type Margin = z.output<typeof margin>;

/** A file of claims. Ids are unique. */
export const claimsSchema = z.array(claimSchema).min(1).superRefine((claims, context) => {
  claims.forEach((claim, i) => {
    if (claims.findIndex((other) => other.id === claim.id) < i) {
      context.addIssue({ code: "custom", path: [i, "id"], message: `"${claim.id}" is used twice` });
    }
  });
});
