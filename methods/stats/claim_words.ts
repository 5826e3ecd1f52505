/** The words of a verdict: which test was done and what it says. */

import type { Analysis } from "./claim_analysis.ts";
import type { Outcome } from "./claim_decision.ts";
import { formatEffect, formatNumber, formatP } from "./format.ts";
import { mean } from "./summary.ts";

/** Texts for one analysed claim. */
export const explain = { test, outcome };

/** Names the test, its correction and its interval. `size`: tested claims in the family. */
function test(a: Analysis, size: number): string {
  const { claim } = a;
  const correction = size > 1 ? `; Holm over ${size} claims (${claim.family})` : "";
  const interval = claim.kind === "proportion" ? "Clopper–Pearson" : "paired t";
  return `${nameOf(a)}${correction}; α = ${claim.alpha}; ${
    percent(a.confidence)
  } ${interval} interval`;
}

function nameOf(a: Analysis): string {
  const { claim } = a;
  const subject = claim.scale === "log_ratio" ? "log ratios" : "differences";
  switch (claim.kind) {
    case "superiority":
      return `${
        a.values.length <= 20 ? "exact" : "Monte-Carlo"
      } sign-flip permutation test of paired ` +
        `${subject}, ${claim.alternative === "two-sided" ? "two-sided" : "one-sided"}`;
    case "noninferiority":
      return `paired t test of ${subject} against the margin, one-sided`;
    case "equivalence":
    case "control":
      return `two one-sided paired t tests of ${subject} (TOST)`;
    case "match":
      return `z test against the printed mean ${formatNumber(claim.published.value, 4)} ` +
        `(sd ${formatNumber(claim.published.sd, 3)}, n = ${claim.published.n})`;
    case "trend":
      return `Page's test of ${claim.estimands.length} conditions in order, ` +
        `${claim.alternative}; the effect is Spearman's correlation with the order`;
    case "proportion":
      return `exact binomial test of a share ${
        claim.alternative === "greater" ? "above" : "below"
      } ${formatNumber(claim.share)}`;
  }
}

/** Says in one or two sentences why the verdict is what it is. */
function outcome(
  a: Analysis,
  p: number,
  verdict: Outcome,
  show: (x: number) => number,
): string {
  const { claim } = a;
  const n = a.values.length;
  if (a.obstacle !== null) {
    return `Not tested: ${a.obstacle}.`;
  }
  const text = (x: number) => formatEffect(show(x), claim.scale);
  const [low, high] = a.interval!;
  const found = `Mean ${text(mean(a.values))}, ${percent(a.confidence)} interval ${text(low)} to ` +
    `${text(high)}, p ${equals(p)}.`;
  if (n < claim.minimum_n) {
    return `${found} ${n} seeds are too few for a verdict: the claim asks for at least ` +
      `${claim.minimum_n}.`;
  }
  return `${found} ${reason(a, verdict, text)}`;
}

function reason(a: Analysis, verdict: Outcome, text: (x: number) => string): string {
  const { claim } = a;
  const region = a.region === null ? "" : `${text(a.region[0])} to ${text(a.region[1])}`;
  const reproduced = verdict === "reproduced";
  if (verdict === "inconclusive") return `Inconclusive: ${lowerFirst(claim.inconclusive)}`;
  switch (claim.kind) {
    case "superiority": {
      const negligible = a.insideP !== null && a.insideP < claim.alpha;
      if (reproduced) {
        return negligible
          ? `The effect has the claimed direction but lies within ${region}, too small to matter.`
          : "The effect has the claimed direction.";
      }
      return negligible
        ? `The effect lies within ${region}, too small to matter.`
        : "The interval excludes the claimed direction.";
    }
    case "noninferiority": {
      const limit = text(a.region![claim.alternative === "less" ? 1 : 0]);
      return reproduced
        ? `The effect stays on the good side of ${limit}.`
        : `The effect is worse than ${limit}.`;
    }
    case "match":
      return reproduced
        ? `It agrees with the printed ${text(a.reference)} within both standard errors.`
        : `It differs from the printed ${
          text(a.reference)
        } by more than both standard errors allow.`;
    case "trend":
      return reproduced
        ? "The conditions have the claimed order."
        : "The interval excludes the claimed order.";
    case "proportion":
      return reproduced ? `The share lies within ${region}.` : `The share lies outside ${region}.`;
    default:
      return reproduced
        ? `The effect lies within ${region}.`
        : `The effect lies outside ${region}.`;
  }
}

function percent(share: number): string {
  return `${formatNumber(100 * share, 2)} %`;
}

function equals(p: number): string {
  const text = formatP(p);
  return text.startsWith("<") ? text : `= ${text}`;
}

function lowerFirst(text: string): string {
  return text[0].toLowerCase() + text.slice(1);
}
