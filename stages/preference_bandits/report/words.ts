/** Sections in words: what came out, and what was not shown. */

import { Markup, markup } from "../../../methods/plot/mod.ts";
import { overallOutcome } from "../../../methods/stats/mod.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import { type ClaimsWords, verdictWord } from "../../common/claims_section.ts";
import type { Section } from "../../common/section.ts";
import type { PreferenceBanditsConfig } from "../schema.ts";

/** The claims that together carry the paper's qualitative claim, as fixed in claims.yaml. */
const REQUIRED = /^(p[123]_.*|mild_bias|coin)$/;

/** What the section of claims says. */
export const CLAIMS_WORDS: ClaimsWords = {
  families: {
    primary: "Primary: ratings against preferences",
    bandits: "Random bandits of four arms (dots are bandits)",
    limits: "What no learner can do better",
    controls: "Controls of the primary claims",
    rates: "Rates",
    validity: "Validity of the bounds (dots are single data sets)",
    pessimism: "Greedy against pessimistic choice",
    noise: "Noise that grows with the reward",
    concentrability: "Concentrability",
    law: "How saturation moves the sample size",
    price: "What one comparison is worth",
    estimates: "The estimates",
  },
  introduction: markup`Each dot is an independent block of replications, except where noted. `,
};

/** The overall outcome, by the rule that was fixed with the claims. */
export function summarySection(
  verdicts: readonly Verdict[],
  config: PreferenceBanditsConfig,
): Section {
  const required = verdicts.filter((v) => REQUIRED.test(v.claim));
  const failed = required.filter((v) => v.verdict !== "reproduced");
  const outcome = overallOutcome(required);
  const others = verdicts.filter((v) => !REQUIRED.test(v.claim));
  const missed = others.filter((v) => v.verdict !== "reproduced");
  const overall = outcome === "reproduced"
    ? markup`This run <b>reproduces the qualitative claim by simulation</b>: with saturated ratings learning stays
near a coin flip while unbiased preferences converge, and with the same bias, or with none, preferences
are no better than ratings.`
    : outcome === "not reproduced"
    ? markup`This run <b>does not reproduce the qualitative claim</b>.`
    : markup`This run <b>leaves the qualitative claim open</b>.`;
  const list = (of: readonly Verdict[]): Markup | null =>
    of.length === 0
      ? null
      : markup`<ul>${
        of.map((v) => markup`<li>${verdictWord(v.verdict)} – ${v.statement}</li>`)
      }</ul>`;
  return {
    id: "outcome",
    title: "Outcome",
    html:
      markup`<p>${overall} The rule was fixed with the claims: all ${required.length} claims of P1, P2 and P3 and the controls
mild_bias and coin must be reproduced.</p>${
        list(failed)
      }<p>Of the ${others.length} other claims (rates, bounds, controls,
exhibits) ${others.length - missed.length} are reproduced${
        missed.length === 0 ? "." : "; the others are:"
      }</p>${list(missed)}<p>This run has ${config.blocks} block${
        config.blocks === 1 ? "" : "s"
      } of ${config.crossing.replications} data sets for each condition and sample size of the main experiment.</p>`,
  };
}

/** What this reproduction is not. */
export function limitsSection(config: PreferenceBanditsConfig): Section {
  return {
    id: "limits",
    title: "What was run, and its limits",
    html: markup`<ul>
<li><b>A simulation of theory.</b> The paper has no experiments, data or code. Its abstract and reviews were read, its
body was not: conditions and theorems are as those texts describe them, and the constants (of the LCB
penalty, of the confidence radius) are ours, derived where they are stated.</li>
<li><b>Constant suboptimality is a statement about instances matched to n.</b> On one fixed instance learning from
biased ratings is consistent: k = 3 has converged by n = ${
      Math.max(...config.crossing.sizes).toLocaleString("en-US")
    }, k = 6 needs hundreds of thousands of ratings.</li>
<li><b>The conclusion rests on preferences being less biased than ratings.</b> That is an assumption of the paper, as
one of its reviewers stressed. Nothing here tests whether people are like that.</li>
<li><b>P2 and P3 depend on what a sample is</b> and on the noise of a rating, ${config.bandit.sigma} here. With a
noise above 1 a comparison is worth more than a rating even without bias.</li>
<li><b>The bias is one family of functions</b>, tanh(kr)/tanh(k). Other increasing transforms that leave the same gap
and noise act alike in theory; they were not run.</li>
<li><b>The main bandit is one of four contexts and two arms</b>, chosen for its simplicity; the three statements are
repeated on random bandits of ${config.bandits.arms} arms. At the smallest n there P1 holds for greedy choice only: the
worst-case radius costs pessimistic choice most when data are few.</li>
<li><b>Worst-case radii are loose.</b> With the radius that is proved, pessimistic choice among many contexts stays
with its reference policy at all sample sizes that were run. Figures show a tenth of it beside it.</li>
<li><b>The four-action instance is a reconstruction</b> of a theorem's mechanism, not its authors' own.</li>
<li><b>One random linear instance</b> for each dimension: intervals cover the draws of data, not of instances.</li>
<li><b>Settings were chosen on another seed</b> (preset calibration); what was changed there is listed in the
configuration file. Intervals are not corrected for the number of claims; p values are, within families.</li>
</ul>`,
  };
}
