/** Decides pre-registered claims from per-seed metrics. */

import type { Claim, Margin } from "./claim.ts";
import { explain } from "./claim_words.ts";
import { parseEstimand } from "./estimand.ts";
import type { Estimand, SeedMetrics } from "./estimand.ts";
import { holm } from "./holm.ts";
import { tTest } from "./paired_t.ts";
import { signFlipTest } from "./sign_flip.ts";
import { mean } from "./summary.ts";
import { tost } from "./tost.ts";

export type Outcome = "reproduced" | "not reproduced" | "inconclusive";

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
  /** The region of equivalence, or of effects too small to matter; null when there is none. */
  readonly region: readonly [number, number] | null;
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

/** What was computed for a claim before the correction; on the scale of the test. */
export interface Analysis {
  readonly claim: Claim;
  readonly seeds: readonly number[];
  readonly values: readonly number[];
  /** Why nothing could be computed, or null. */
  readonly obstacle: string | null;
  readonly statistic: number;
  readonly rawP: number;
  readonly interval: readonly [number, number] | null;
  readonly confidence: number;
  /** Half-width of the region of equivalence or of negligible effects; null when there is none. */
  readonly margin: number | null;
  /** p of "the effect is inside the margin"; null without a margin. */
  readonly insideP: number | null;
}

/**
 * Evaluates `claims` over the seeds of a run.
 *
 * Rules, with p after Holm's correction over the claims of a family that could be tested:
 * - superiority: *reproduced* if p < α and the mean lies in the claimed direction; *not reproduced* if
 *   the 1 − α interval lies wholly in the other direction, or TOST shows the effect to be smaller
 *   than `negligible`.
 * - equivalence and control: *reproduced* if TOST's p < α; *not reproduced* if the 1 − 2α interval lies
 *   wholly outside the margin.
 * - noninferiority: the same with the one side that matters.
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
  const analyses = claims.map((claim) => {
    try {
      return analyse(claim, perSeed, options.absent ?? (() => null));
    } catch (error) {
      throw new Error(`Claim "${claim.id}": ${(error as Error).message}`);
    }
  });
  const adjusted = new Map<Analysis, { p: number; size: number }>();
  for (const family of new Set(claims.map((claim) => claim.family))) {
    const members = analyses.filter((a) => a.claim.family === family && a.obstacle === null);
    const p = holm(members.map((a) => a.rawP));
    members.forEach((a, i) => adjusted.set(a, { p: p[i], size: members.length }));
  }
  return analyses.map((a) => {
    const { p, size } = adjusted.get(a) ?? { p: 1, size: 0 };
    const verdict = decide(a, p);
    const { claim } = a;
    const show = (x: number) => claim.scale === "log_ratio" ? Math.expm1(x) : x;
    const effect = a.values.length > 0 ? show(mean(a.values)) : 0;
    const interval = a.interval && [show(a.interval[0]), show(a.interval[1])] as const;
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
        estimand: claim.estimand,
        family: claim.family,
        seeds: a.seeds,
        values: a.values.map(show),
        mean: a.values.length > 0 ? effect : null,
        interval,
        confidence: a.confidence,
        region: a.margin === null ? null : [show(-a.margin), show(a.margin)],
        favours: direction(claim),
        rawP: a.obstacle === null ? a.rawP : null,
        p: a.obstacle === null ? p : null,
      },
    };
  });
}

/** −1 when small values support the claim, 1 when large ones do, 0 when values near zero do. */
export function direction(claim: Claim): -1 | 0 | 1 {
  if (claim.kind === "equivalence" || claim.kind === "control") return 0;
  const towards = claim.kind === "superiority" && claim.alternative === "two-sided"
    ? claim.favours
    : claim.alternative;
  return towards === "less" ? -1 : 1;
}

function analyse(
  claim: Claim,
  perSeed: readonly SeedMetrics[],
  absent: (path: readonly string[]) => string | null,
): Analysis {
  const estimand = parseEstimand(claim.estimand);
  const given = claim.kind === "superiority" ? claim.negligible : claim.margin;
  const margins = given === undefined ? null : marginOf(given);
  const equal = claim.kind !== "superiority";
  const confidence = equal ? 1 - 2 * claim.alpha : 1 - claim.alpha;
  const nothing = {
    statistic: 0,
    rawP: 1,
    interval: null,
    confidence,
    margin: null,
    insideP: null,
  };
  const reasons = [...estimand.paths, ...(margins?.paths ?? [])].map(absent).filter((r) => r);
  if (reasons.length > 0) {
    return { ...nothing, claim, seeds: [], values: [], obstacle: reasons[0] };
  }
  const seeds = perSeed.map((s) => s.seed);
  const values = perSeed.map((s) => estimand.evaluate(s));
  const marginPerSeed = margins && perSeed.map((s) => margins.evaluate(s));
  const margin = marginPerSeed && marginPerSeed.length > 0 ? mean(marginPerSeed) : null;
  if (values.length < 2) {
    const obstacle = `a test needs at least two seeds, this run has ${values.length}`;
    return { ...nothing, claim, seeds, values, margin, obstacle };
  }
  const t = tTest(values, { confidence });
  const region = marginPerSeed && tost(values, marginPerSeed);
  const base = { claim, seeds, values, margin, confidence, interval: t.interval, obstacle: null };
  if (claim.kind === "superiority") {
    const { p } = signFlipTest(values, { alternative: claim.alternative });
    return { ...base, statistic: finite(t.statistic), rawP: p, insideP: region?.p ?? null };
  }
  // The schema gives every other kind a margin.
  const { pAbove, pBelow, p } = region!;
  const rawP = claim.kind !== "noninferiority" ? p : claim.alternative === "less" ? pBelow : pAbove;
  const nullValue = rawP === pBelow ? margin! : -margin!;
  const statistic = finite(tTest(values, { nullValue }).statistic);
  return { ...base, statistic, rawP, insideP: rawP };
}

/** Expressions of a margin: one value for each seed. */
function marginOf(margin: Margin): Pick<Estimand, "paths" | "evaluate"> {
  if (typeof margin === "number") return { paths: [], evaluate: () => margin };
  if (typeof margin === "string") return parseEstimand(margin);
  const reference = parseEstimand(margin.of);
  return { paths: reference.paths, evaluate: (s) => margin.fraction * reference.evaluate(s) };
}

function decide(a: Analysis, p: number): Outcome {
  const { claim } = a;
  if (a.obstacle !== null || a.interval === null) return "inconclusive";
  if (a.values.length < claim.minimum_n) return "inconclusive";
  const [low, high] = a.interval;
  const favours = direction(claim);
  if (claim.kind === "superiority") {
    if (p < claim.alpha && mean(a.values) * favours > 0) return "reproduced";
    const excluded = favours < 0 ? low >= 0 : high <= 0;
    const negligible = a.insideP !== null && a.insideP < claim.alpha;
    return excluded || negligible ? "not reproduced" : "inconclusive";
  }
  if (p < claim.alpha) return "reproduced";
  const above = low >= a.margin!;
  const below = high <= -a.margin!;
  const outside = favours < 0 ? above : favours > 0 ? below : above || below;
  return outside ? "not reproduced" : "inconclusive";
}

/** JSON has no infinity: a sample without spread gets the largest number. */
function finite(x: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x));
}
