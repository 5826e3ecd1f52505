/** The words of a verdict: which test was done and what it says. */

import type { Analysis, Outcome } from "./claims.ts";
import { formatEffect, formatNumber, formatP } from "./format.ts";
import { mean } from "./summary.ts";

/** Texts for one analysed claim. */
export const explain = { test, outcome };

/** Names the test, its correction and its interval. `size`: tested claims in the family. */
function test(a: Analysis, size: number): string {
  const { claim } = a;
  const subject = claim.scale === "log_ratio" ? "log ratios" : "differences";
  const name = claim.kind === "superiority"
    ? `${a.values.length <= 20 ? "exact" : "Monte-Carlo"} sign-flip permutation test of paired ` +
      `${subject}, ${claim.alternative === "two-sided" ? "two-sided" : "one-sided"}`
    : claim.kind === "noninferiority"
    ? `paired t test of ${subject} against the margin, one-sided`
    : `two one-sided paired t tests of ${subject} (TOST)`;
  const correction = size > 1 ? `; Holm over ${size} claims (${claim.family})` : "";
  return `${name}${correction}; α = ${claim.alpha}; ${percent(a.confidence)} paired t interval`;
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
  const margin = a.margin === null ? "" : `${text(-a.margin)} to ${text(a.margin)}`;
  const negligible = a.insideP !== null && a.insideP < claim.alpha;
  if (verdict === "inconclusive") return `Inconclusive: ${lowerFirst(claim.inconclusive)}`;
  if (claim.kind === "superiority") {
    if (verdict === "reproduced") {
      return negligible
        ? `The effect has the claimed direction but lies within ${margin}, too small to matter.`
        : "The effect has the claimed direction.";
    }
    return negligible
      ? `The effect lies within ${margin}, too small to matter.`
      : "The interval excludes the claimed direction.";
  }
  if (claim.kind === "noninferiority") {
    const limit = text(claim.alternative === "less" ? a.margin! : -a.margin!);
    return verdict === "reproduced"
      ? `The effect stays on the good side of ${limit}.`
      : `The effect is worse than ${limit}.`;
  }
  return verdict === "reproduced"
    ? `The effect lies within ${margin}.`
    : `The effect lies outside ${margin}.`;
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
