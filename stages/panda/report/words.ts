/** Sections in words: what came out, and what was not shown. */

import { markup } from "../../../methods/plot/mod.ts";
import { overallOutcome } from "../../../methods/stats/mod.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import { verdictWord } from "../../common/claims_section.ts";
import type { Section } from "../../common/section.ts";

/** The claims that together carry the paper's main claim, as fixed in claims.yaml. */
const REQUIRED = ["sensitivity_panda", "sensitivity_lpd"];

/** Headings of the families of claims. */
export const FAMILIES = {
  primary: "Primary: a λ̃ that need not follow Δ",
  risk: "Risk equal or better",
  matches: "Matches with printed means",
  penalty: "The penalty c",
  controls: "Controls",
  secondary: "Secondary",
  real: "Real data",
};

/** The overall outcome, by the rule that was fixed with the claims. */
export function summarySection(verdicts: readonly Verdict[]): Section {
  const required = verdicts.filter((v) => REQUIRED.includes(v.claim));
  const overall = {
    "reproduced": markup`<b>reproduces</b>`,
    "not reproduced": markup`<b>does not reproduce</b>`,
    "inconclusive": markup`<b>leaves open</b>`,
  }[overallOutcome(required)];
  const matches = verdicts.filter((v) => v.claim.startsWith("match_") && v.n > 0);
  const agreed = matches.filter((v) => v.verdict === "reproduced").length;
  return {
    id: "outcome",
    title: "Outcome",
    html:
      markup`<p>This run ${overall} the main claim at p = 100. The rule was fixed with the claims: PANDA's best
λ̃ stays where it is when Δ is multiplied by 2 and 4, and LPD's moves more.</p>
<ul>${required.map((v) => markup`<li>${verdictWord(v.verdict)} – ${v.statement}</li>`)}</ul>${
        matches.length === 0
          ? null
          : markup`<p>Of ${String(matches.length)} printed means that were tested, ${
            String(agreed)
          } agree with this run within both standard errors. One of them is a control: AdaLDA with the factor 4 of the
paper's text, which is not what its tables show.</p>`
      }`,
  };
}

/** What this reproduction is not. */
export function limitsSection(): Section {
  return {
    id: "limits",
    title: "What was run, and its limits",
    html: markup`<ul>
<li><b>Claims are tested on two cells of the tables</b>, models a and e at p = 400, with fewer replicates than the
paper's 100; other cells have a handful, for a look. The preset <code>paper</code> has the whole grid. Models b, c and d cannot be matched by
anybody but the authors: see the reasons below the tables.</li>
<li><b>The sensitivity study is at p = 100</b>, not 400 and 800. It asks for the λ̃ of the smallest true error, on a
grid of even logarithms.</li>
<li><b>The paper leaves choices open</b>: how λ̃ is tuned (here: validation error), what happens to ties (here: the
largest λ̃, the smallest beside it), the unit of λ in AdaLDA.</li>
<li><b>AdaLDA is run with the factor 1</b> of its authors' code. The paper's text has 4; with it the printed errors of
AdaLDA are out of reach, which is tested as a claim of its own.</li>
<li><b>The solver is another one.</b> The paper used Gurobi; here ADMM on working sets, with a proven duality gap of at
most 10⁻⁴ for each PANDA solution at n ≥ p/2, and the exact path for the linear programmes. On gene expressions,
where p is many times n, PANDA gets a fixed effort of 500 steps for each λ̃; τ is settled by then, the last
digits of β are not.</li>
<li><b>The leukemia data are half of the paper's</b>: the 38 training samples, with 5,000 of 7,129 genes.</li>
</ul>`,
  };
}
