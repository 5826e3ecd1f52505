/** Decides pre-registered claims from per-seed metrics. */

import { estimandsOf } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { analyse } from "./claim_analysis.ts";
import type { Analysis } from "./claim_analysis.ts";
import { decide, direction } from "./claim_decision.ts";
import type { Outcome } from "./claim_decision.ts";
import { explain } from "./claim_words.ts";
import type { SeedMetrics } from "./estimand.ts";
import { holm } from "./holm.ts";
import { mean } from "./summary.ts";

/** One claim's result; the structure of the engine's `Verdict`, which this library does not import. */
export interface ClaimVerdict {
  readonly claim: string;
  readonly statement: string;
  readonly source: string;
  readonly verdict: Outcome;
  readonly test: string;
  /** Paired t of the mean estimand (against the nearer margin for equivalence). */
  readonly statistic: number;
  /** After Holm's correction in the claim's family; 1 when no test could be done. */
  readonly p: number;
  /** Mean estimand on the scale shown (relative change for `log_ratio`). */
  readonly effect: number;
  /** Two-sided interval on the scale shown; both ends are `effect` when there is one seed. */
  readonly interval: readonly [number, number];
  /** Seeds. */
  readonly n: number;
  readonly paper: string | null;
  readonly control: boolean;
  readonly explanation: string;
}

/** The replicates of one study of a run. */
export interface Study {
  readonly replicates: readonly SeedMetrics[];
  /** Metrics that this preset leaves out, by the beginning of their path ("" for all), and why. */
  readonly leftOut?: readonly { readonly path: string; readonly because: string }[];
}

/** What a run measured, by the names of its studies. */
export type Studies = Readonly<Record<string, Study>>;

/** What a figure needs to draw a claim's evidence; all values on the scale shown. */
export interface ClaimEvidence {
  readonly claim: string;
  readonly kind: Claim["kind"];
  readonly scale: Claim["scale"];
  readonly estimand: string;
  readonly family: string;
  readonly seeds: readonly number[];
  /** The estimand of each seed. */
  readonly values: readonly number[];
  readonly mean: number | null;
  /** Two-sided interval of level `confidence`; null with fewer than two seeds. */
  readonly interval: readonly [number, number] | null;
  readonly confidence: number;
  /** The region of equivalence, of negligible effects, or of a printed mean; null when there is none. */
  readonly region: readonly [number, number] | null;
  /** What the mean is compared with: zero, a printed mean, a limiting share. */
  readonly reference: number;
  /** Sign of effects that support the claim: −1, 1, or 0 (inside the region). */
  readonly favours: -1 | 0 | 1;
  /** Before the correction; null when no test could be done. */
  readonly rawP: number | null;
  readonly p: number | null;
}

export interface ClaimResult {
  readonly verdict: ClaimVerdict;
  readonly evidence: ClaimEvidence;
}

/**
 * Evaluates `claims` over the seeds of a run.
 *
 * Rules, with p after Holm's correction over the claims of a family that could be tested:
 * - superiority: *reproduced* if p < α and the mean lies in the claimed direction; *not reproduced* if
 *   the 1 − α interval lies wholly in the other direction, or TOST shows the effect to be smaller
 *   than `negligible`. A trend (Page) and a proportion (binomial) follow the same rule.
 * - equivalence and control: *reproduced* if TOST's p < α; *not reproduced* if the 1 − 2α interval lies
 *   wholly outside the margin.
 * - noninferiority: the same with the one side that matters.
 * - match: *not reproduced* if the z test refuses it at α, without a correction; else *reproduced* if
 *   the standard error is at most `precision`.
 * - anything else, and any claim with fewer than `minimum_n` seeds: *inconclusive*.
 *
 * @param options.absent Says why a metric path was not part of this run (e.g. a policy that the preset
 *   leaves out), or null when it should exist. Claims over absent metrics are inconclusive.
 * @throws Error naming the claim and the metric path when a metric is missing or not finite.
 */
export function evaluateClaims(
  claims: readonly Claim[],
  perSeed: readonly SeedMetrics[],
  options: { readonly absent?: (path: readonly string[]) => string | null } = {},
): ClaimResult[] {
  const absent = options.absent ?? (() => null);
  return conclude(claims.map((claim) => naming(claim, () => analyse(claim, perSeed, absent))));
}

/**
 * Evaluates `claims`, each over the study that it names, by the rules of `evaluateClaims`. A claim may
 * leave `study` out when there is only one. Families reach over studies.
 * @throws Error naming the claim when its study does not exist, or as `evaluateClaims` does.
 */
export function evaluateStudies(claims: readonly Claim[], studies: Studies): ClaimResult[] {
  const names = Object.keys(studies);
  return conclude(claims.map((claim) =>
    naming(claim, () => {
      const name = claim.study ?? (names.length === 1 ? names[0] : null);
      if (name === null || !Object.hasOwn(studies, name)) {
        const wrong = name === null ? "names no study" : `names the study "${name}"`;
        throw new Error(`${wrong}; the run has ${names.join(", ") || "none"}`);
      }
      const { replicates, leftOut = [] } = studies[name];
      return analyse(claim, replicates, (path) => {
        const text = path.join(".");
        const found = leftOut.find(({ path }) =>
          path === "" || text === path || text.startsWith(`${path}.`)
        );
        return found?.because ?? null;
      });
    })
  ));
}

function naming<T>(claim: Claim, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`Claim "${claim.id}": ${(error as Error).message}`);
  }
}

/** Corrects the p values within families, and words the verdicts. */
function conclude(analyses: readonly Analysis[]): ClaimResult[] {
  const adjusted = new Map<Analysis, { p: number; size: number }>();
  for (const family of new Set(analyses.map((a) => a.claim.family))) {
    const members = analyses.filter((a) =>
      a.claim.family === family && a.claim.kind !== "match" && a.obstacle === null
    );
    const p = holm(members.map((a) => a.rawP));
    members.forEach((a, i) => adjusted.set(a, { p: p[i], size: members.length }));
  }
  return analyses.map((a) => {
    const { p, size } = adjusted.get(a) ?? { p: a.rawP, size: 0 };
    const verdict = decide(a, p);
    const { claim } = a;
    const show = (x: number) => claim.scale === "log_ratio" ? Math.expm1(x) : x;
    const showBoth = (range: readonly [number, number]) =>
      [show(range[0]), show(range[1])] as const;
    const effect = a.values.length > 0 ? show(mean(a.values)) : 0;
    const interval = a.interval && showBoth(a.interval);
    return {
      verdict: {
        claim: claim.id,
        statement: claim.statement,
        source: claim.source,
        verdict,
        test: explain.test(a, size),
        statistic: a.statistic,
        p,
        effect,
        interval: interval ?? [effect, effect],
        n: a.values.length,
        paper: claim.paper,
        control: claim.kind === "control",
        explanation: explain.outcome(a, p, verdict, show),
      },
      evidence: {
        claim: claim.id,
        kind: claim.kind,
        scale: claim.scale,
        estimand: estimandsOf(claim).join(", "),
        family: claim.family,
        seeds: a.seeds,
        values: a.values.map(show),
        mean: a.values.length > 0 ? effect : null,
        interval,
        confidence: a.confidence,
        region: a.region && showBoth(a.region),
        reference: show(a.reference),
        favours: direction(claim),
        rawP: a.obstacle === null ? a.rawP : null,
        p: a.obstacle === null ? p : null,
      },
    };
  });
}
