/** What is computed for a claim before verdicts: estimands, tests and intervals, by kind of claim. */

import { binomialTest } from "./binomial.ts";
import { estimandsOf } from "./claim.ts";
import type { Claim, Margin } from "./claim.ts";
import { parseEstimand } from "./estimand.ts";
import type { Estimand, SeedMetrics } from "./estimand.ts";
import { normalQuantile, zTest } from "./normal.ts";
import { pageTest } from "./page.ts";
import { tTest } from "./paired_t.ts";
import { signFlipTest } from "./sign_flip.ts";
import { mean, standardDeviation } from "./summary.ts";
import { tost } from "./tost.ts";

/** What was computed for a claim before the correction; on the scale of the test. */
export interface Analysis {
  readonly claim: Claim;
  readonly seeds: readonly number[];
  /** The estimand of each seed; for a trend, Spearman's correlation of values and order. */
  readonly values: readonly number[];
  /** Why nothing could be computed, or null. */
  readonly obstacle: string | null;
  readonly statistic: number;
  readonly rawP: number;
  readonly interval: readonly [number, number] | null;
  readonly confidence: number;
  /**
   * Where effects are equivalent, negligible, within a printed mean's own error, or beyond a limit; null
   * when there is no such region.
   */
  readonly region: readonly [number, number] | null;
  /** The value that the test compares with: zero, a printed mean, a limiting share. */
  readonly reference: number;
  /** p of "the effect is inside the margin"; null without a margin. */
  readonly insideP: number | null;
  /** Standard error of the difference to a printed mean; null for other kinds. */
  readonly standardError: number | null;
}

/** The parts of an analysis that depend on the kind of claim. */
type Tested = Pick<
  Analysis,
  "statistic" | "rawP" | "interval" | "region" | "insideP" | "standardError"
>;

/**
 * Evaluates the estimand for each seed and tests it.
 * @param absent Says why a metric path was not part of this run, or null when it should exist.
 * @throws Error naming expression and metric when one is missing or not finite.
 */
export function analyse(
  claim: Claim,
  perSeed: readonly SeedMetrics[],
  absent: (path: readonly string[]) => string | null,
): Analysis {
  const estimands = estimandsOf(claim).map(parseEstimand);
  const margins = marginOf(claim);
  const confidence = byEquivalence(claim) ? 1 - 2 * claim.alpha : 1 - claim.alpha;
  const reference = claim.kind === "match"
    ? claim.published.value
    : claim.kind === "proportion"
    ? claim.share
    : 0;
  const untested = {
    claim,
    reference,
    confidence,
    statistic: 0,
    rawP: 1,
    interval: null,
    region: null,
    insideP: null,
    standardError: null,
  };
  const paths = [...estimands.flatMap((e) => e.paths), ...(margins?.paths ?? [])];
  const reason = paths.map(absent).find((r) => r !== null);
  if (reason !== undefined) return { ...untested, seeds: [], values: [], obstacle: reason };
  const seeds = perSeed.map((s) => s.seed);
  const rows = perSeed.map((s) => estimands.map((e) => e.evaluate(s)));
  const values = claim.kind === "trend" ? rows.map(orderCorrelation) : rows.map(([value]) => value);
  const perSeedMargins = margins && perSeed.map((s) => margins.evaluate(s));
  if (values.length < 2) {
    const obstacle = `a test needs at least two seeds, this run has ${values.length}`;
    const region = perSeedMargins && values.length > 0 ? around(0, mean(perSeedMargins)) : null;
    return { ...untested, seeds, values, region, obstacle };
  }
  const tested = test(claim, rows, values, perSeedMargins, confidence);
  return { ...untested, seeds, values, obstacle: null, ...tested };
}

/** Does the claim say that an effect is inside a region? Its interval is then that of TOST, 1 − 2α. */
export function byEquivalence(claim: Claim): boolean {
  return claim.kind === "equivalence" || claim.kind === "control" ||
    claim.kind === "noninferiority";
}

function test(
  claim: Claim,
  rows: readonly (readonly number[])[],
  values: readonly number[],
  margins: readonly number[] | null,
  confidence: number,
): Tested {
  const none = { region: null, insideP: null, standardError: null };
  switch (claim.kind) {
    case "superiority": {
      const t = tTest(values, { confidence });
      const { p } = signFlipTest(values, { alternative: claim.alternative });
      return {
        ...none,
        statistic: finite(t.statistic),
        rawP: p,
        interval: t.interval,
        region: margins && around(0, mean(margins)),
        insideP: margins && tost(values, margins).p,
      };
    }
    case "equivalence":
    case "control":
    case "noninferiority": {
      // The schema gives these kinds a margin.
      const { pAbove, pBelow, p } = tost(values, margins!);
      const margin = mean(margins!);
      const rawP = claim.kind !== "noninferiority"
        ? p
        : claim.alternative === "less"
        ? pBelow
        : pAbove;
      const nullValue = rawP === pBelow ? margin : -margin;
      return {
        ...none,
        statistic: finite(tTest(values, { nullValue }).statistic),
        rawP,
        interval: tTest(values, { confidence }).interval,
        region: around(0, margin),
        insideP: rawP,
      };
    }
    case "match": {
      const { value, sd, n } = claim.published;
      const measured = { mean: mean(values), sd: standardDeviation(values), n: values.length };
      const { z, p, standardError } = zTest(measured, { mean: value, sd, n });
      const error = normalQuantile(0.5 + confidence / 2) * sd / Math.sqrt(n);
      return {
        ...none,
        statistic: finite(z),
        rawP: p,
        interval: tTest(values, { confidence }).interval,
        region: around(value, error),
        standardError,
      };
    }
    case "trend": {
      const signs = claim.alternative === "increasing" ? 1 : -1;
      const page = pageTest(rows.map((row) => row.map((v) => signs * v)));
      const { interval } = tTest(values, { confidence });
      return { ...none, statistic: page.statistic, rawP: page.p, interval };
    }
    case "proportion": {
      const odd = values.find((v) => v !== 0 && v !== 1);
      if (odd !== undefined) {
        throw new Error(`the expression "${claim.estimand}" must be 0 or 1, got ${odd}`);
      }
      const successes = values.filter((v) => v === 1).length;
      const { alternative, share } = claim;
      const { p, interval } = binomialTest(successes, values.length, share, {
        alternative,
        confidence,
      });
      const region = alternative === "greater" ? [share, 1] as const : [0, share] as const;
      return { ...none, statistic: successes, rawP: p, interval, region };
    }
  }
}

/** Expressions of a claim's margin: one value for each seed; null when the claim has none. */
function marginOf(claim: Claim): Pick<Estimand, "paths" | "evaluate"> | null {
  const margin: Margin | undefined = claim.kind === "superiority"
    ? claim.negligible
    : "margin" in claim
    ? claim.margin
    : undefined;
  if (margin === undefined) return null;
  if (typeof margin === "number") return { paths: [], evaluate: () => margin };
  if (typeof margin === "string") return parseEstimand(margin);
  const reference = parseEstimand(margin.of);
  return { paths: reference.paths, evaluate: (s) => margin.fraction * reference.evaluate(s) };
}

function around(centre: number, halfWidth: number): readonly [number, number] {
  return [centre - halfWidth, centre + halfWidth];
}

/** Spearman's correlation of a row with its order, ties given mean ranks; 0 for a constant row. */
function orderCorrelation(row: readonly number[]): number {
  const k = row.length;
  const ranks = row.map((v) =>
    row.filter((o) => o < v).length + (row.filter((o) => o === v).length + 1) / 2
  );
  const centre = (k + 1) / 2;
  let product = 0;
  let spread = 0;
  let order = 0;
  ranks.forEach((rank, j) => {
    product += (rank - centre) * (j + 1 - centre);
    spread += (rank - centre) ** 2;
    order += (j + 1 - centre) ** 2;
  });
  return spread === 0 ? 0 : product / Math.sqrt(spread * order);
}

/** JSON has no infinity: a sample without spread gets the largest number. */
function finite(x: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, x));
}
