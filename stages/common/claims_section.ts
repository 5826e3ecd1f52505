/** The section that shows the evidence behind each verdict. */

import { effectChart, figure, Markup, markup } from "../../methods/plot/mod.ts";
import type { Panel } from "../../methods/plot/mod.ts";
import type { ClaimEvidence } from "../../methods/stats/claims.ts";
import { formatNumber, formatP } from "../../methods/stats/format.ts";
import type { Verdict } from "../../pipeline/types.ts";
import type { Section } from "./section.ts";

const COLOURS = {
  "reproduced": "var(--good)",
  "not reproduced": "var(--bad)",
  "inconclusive": "var(--warn)",
} as const;

/** What a paper says about its claims. */
export interface ClaimsWords {
  /** Headings of the families; a family without one is shown by its own name. */
  readonly families: Readonly<Record<string, string>>;
  /** What the values are and how they are paired. How to read the panels is said after it. */
  readonly introduction: Markup;
  /** @default "Evidence behind the verdicts" */
  readonly title?: string;
}

/** One panel for each claim that was tested, by family. */
export function claimsSection(
  verdicts: readonly Verdict[],
  evidence: readonly ClaimEvidence[],
  words: ClaimsWords,
): Section {
  const families = [...new Set(evidence.map((e) => e.family))];
  const html = families.map((family) => {
    const members = evidence.filter((e) => e.family === family && e.mean !== null);
    if (members.length === 0) return null;
    return markup`<h3>${words.families[family] ?? family}</h3>${
      figure({
        panels: members.map((e) => panel(verdicts.find((v) => v.claim === e.claim)!, e)),
      })
    }`;
  });
  return {
    id: "claims",
    title: words.title ?? "Evidence behind the verdicts",
    html: markup`<p>${words.introduction}
Small dots are seeds, in the same order in every panel; the large dot and its bar are the mean and its
interval; the shaded region is the margin. Axes differ between panels.</p>${html}`,
  };
}

function panel(verdict: Verdict, e: ClaimEvidence): Panel {
  const colour = COLOURS[verdict.verdict];
  const supports = e.favours === 0
    ? "the claim predicts the shaded region"
    : `the claim predicts ${e.favours < 0 ? "values to the left" : "values to the right"}`;
  return {
    title: markup`${verdict.statement}
<span style="display:block;font-weight:400;color:${colour}">${verdict.verdict}${
      e.p === null ? null : `, p ${formatP(e.p).startsWith("<") ? "" : "= "}${formatP(e.p)}`
    }</span>`,
    chart: effectChart({
      label: `${verdict.statement} ${verdict.explanation}`,
      values: e.values,
      mean: e.mean!,
      interval: e.interval,
      region: e.region,
      reference: e.reference,
      xLabel: `${quantity(e)} (${supports})`,
      xTickFormat: e.scale === "log_ratio" ? changeTick : (x) => formatNumber(x, 2),
      colour,
    }),
  };
}

/** What the axis of a claim shows. */
function quantity(e: ClaimEvidence): string {
  if (e.kind === "match") return "value; the rule is the printed mean";
  if (e.kind === "proportion") return "share; the rule is the limit";
  if (e.kind === "trend") return "rank correlation";
  return e.scale === "log_ratio" ? "relative change" : "difference";
}

/** Ticks are round numbers: no more digits than needed. */
function changeTick(x: number): string {
  const percent = Number((100 * x).toFixed(2));
  return percent === 0 ? "0" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

/** Exported for the summary: the verdict in its colour. */
export function verdictWord(verdict: Verdict["verdict"]): Markup {
  return markup`<span class="verdict ${verdict.replaceAll(" ", "-")}">${verdict}</span>`;
}
