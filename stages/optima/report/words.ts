/** Sections in words: what came out, and what was not shown. */

import { Markup, markup, styleOf } from "../../../methods/plot/mod.ts";
import { formatChange } from "../../../methods/stats/format.ts";
import type { Metrics } from "../../../methods/optima/metrics.ts";
import { overallOutcome } from "../../../methods/stats/mod.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import type { ClaimsWords } from "../../common/claims_section.ts";
import { verdictWord } from "../../common/claims_section.ts";
import type { Section } from "../../common/section.ts";
import { POLICY_STYLES } from "./names.ts";

/** Headings and introduction of the claims' figures. */
export const CLAIMS_WORDS: ClaimsWords = {
  title: "Paired differences behind the verdicts",
  families: {
    primary: "Primary: adaptive choice where one arm is wasted",
    controls: "Controls",
    secondary: "Secondary: what makes the difference",
    tasks: "Downstream tasks",
  },
  introduction:
    markup`Policies share their seed's data order and initial student, so each seed gives
one paired difference. Losses are shown as relative changes: below zero, OPTIMA's loss is lower.`,
};

/** The claims that together carry the paper's qualitative claim, as fixed in claims.yaml. */
const REQUIRED = ["wasted_random", "wasted_round_robin", "even_not_worse"];

/** The overall outcome, by the rule that was fixed with the claims. */
export function summarySection(metrics: Metrics, verdicts: readonly Verdict[]): Section {
  const required = verdicts.filter((v) => REQUIRED.includes(v.claim));
  const overall = overallOutcome(required);
  const seeds = `${metrics.seeds.length} seed${metrics.seeds.length === 1 ? "" : "s"}`;
  return {
    id: "outcome",
    title: "Outcome",
    html: markup`<p>${
      sentence(overall)
    } The rule was fixed with the claims: OPTIMA must beat a random
choice and round-robin where one module is wasted, and be at most 1 % worse than a random choice where
none is.</p>
<ul>${required.map((v) => markup`<li>${verdictWord(v.verdict)} – ${v.statement}</li>`)}</ul>
${computeOf(metrics)}
${againstAll(verdicts)}
<p>This run has ${seeds}, the conditions ${metrics.conditions.join(", ")}, and the policies ${
      metrics.policies.map((policy) => styleOf(POLICY_STYLES, policy).label).join(", ")
    }.</p>`,
  };
}

function sentence(overall: Verdict["verdict"]): Markup {
  return overall === "reproduced"
    ? markup`This run <b>reproduces the qualitative claim at miniature scale</b>: adaptive choice of
modules beats uniform choice where there is something to gain from it.`
    : overall === "not reproduced"
    ? markup`This run <b>does not reproduce the qualitative claim</b> at miniature scale.`
    : markup`This run <b>leaves the qualitative claim open</b>: it neither reproduces nor refutes it.`;
}

/** What OPTIMA's students cost beside those of a random choice and of all modules. */
function computeOf(metrics: Metrics): Markup | null {
  const total = (condition: string, policy: string) =>
    metrics.table.filter((r) => r.condition === condition && r.policy === policy)
      .reduce((sum, r) => sum + r.metrics.flops, 0);
  const parts = metrics.conditions.flatMap((condition) =>
    ["random", "all"].filter((policy) => total(condition, policy) > 0).map((policy) =>
      `${(total(condition, "optima") / total(condition, policy)).toFixed(2)} times those of ${
        styleOf(POLICY_STYLES, policy).label
      } (${condition})`
    )
  );
  if (parts.length === 0) return null;
  return markup`<p>At equal steps OPTIMA's training FLOPs, probes for rewards included, are ${
    parts.join(", ")
  }. The teacher's forward passes are done once for all and counted for none.</p>`;
}

/** The comparison with distilling everything, which is stated whatever it says. */
function againstAll(verdicts: readonly Verdict[]): Markup | null {
  const lines = [
    [
      "wasted_all_equal_steps",
      "at equal optimiser steps (where it trains every module at each step, OPTIMA one)",
    ],
    ["wasted_all_equal_flops", "at equal training FLOPs"],
  ].flatMap(([id, axis]) => {
    const v = verdicts.find((verdict) => verdict.claim === id);
    if (v === undefined || v.n === 0) return [];
    return [
      markup`<li>${axis}, OPTIMA's layer loss differs from that of distilling all modules by ${
        formatChange(v.effect)
      } (${formatChange(v.interval[0])} to ${formatChange(v.interval[1])}): ${
        verdictWord(v.verdict)
      }</li>`,
    ];
  });
  if (lines.length === 0) return null;
  return markup`<p>The abstract also says that adaptive distillation beats distilling all modules all
the time. Here, with one wasted module:</p><ul>${lines}</ul>`;
}

/** What this reproduction is not. */
export function limitsSection(metrics: Metrics): Section {
  return {
    id: "limits",
    title: "What was run, and its limits",
    html: markup`<ul>
<li><b>A reconstruction from the abstract.</b> The body of the paper was not available when this was
written and no code was released. Reward, discount, pulls, arms and loss weights are design choices,
each a field of the configuration.</li>
<li><b>No numeric comparison with the paper is possible.</b> None of its results was found, so no row
here stands for a row of its tables.</li>
<li><b>Miniature scale.</b> Teacher and students are small CoCa-style models trained on emoji with
their Unicode names, not CoCa-Large on natural images. What holds here may fail there, and the reverse.</li>
<li><b>The conditions are constructed.</b> <em>Wasted</em> plants an arm that provably does nothing,
the easiest structure for a bandit to find; <em>even</em> plants none. In <em>skew</em> nothing ties
the reward to the task.</li>
<li><b>Settings were chosen on other seeds and another split</b>, and not only the first was tried: when a
pull updated the whole student, OPTIMA lost to a random choice wherever no module was solved
beforehand (4 of 4 calibration seeds). The choices tried are listed in the configuration file.</li>
<li><b>Single modules and no distillation are weak rivals</b>: they leave modules that count, or the
projections that the loss is measured through, untrained. Regret is measured against the best single
module, so it is often negative.</li>
<li><b>${metrics.seeds.length} seed${
      metrics.seeds.length === 1 ? "" : "s"
    }</b> share one teacher and one split of the data: intervals cover
the students' initialisation, data order and the bandit's draws, not another teacher or data set.</li>
<li><b>Intervals are not corrected</b> for the number of claims; p values are, within each family.</li>
</ul>`,
  };
}
