/** Sections in words: what came out, and what was not shown. */

import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { overallOutcome } from "../../../methods/stats/mod.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import { type ClaimsWords, verdictWord } from "../../common/claims_section.ts";
import type { Section } from "../../common/section.ts";

/** Headings and introduction of the claims' figures. */
export const CLAIMS_WORDS: ClaimsWords = {
  families: {
    dimension: "Primary: the spectrum counts, not the ambient dimension",
    controls: "Controls: without a spectrum the ambient dimension counts",
    ordering: "Ordering by the decay of the spectrum",
    bound: "Slopes no flatter than predicted",
    prediction: "The prediction, over all n and θ",
    curvature: "Curvature on logarithmic axes",
    counting: "The dimension counted from the sample",
  },
  introduction:
    markup`Each seed is one target with nested samples of all sizes; designs of one seed share
the target and the first coordinates of the sample, so differences are paired.`,
};

/** The claims that together carry the abstract's statement, as fixed in claims.yaml. */
const REQUIRED = [
  "slope_d64",
  "slope_d256",
  "error_d64",
  "error_d256",
  "order_exponential",
  "isotropic_error",
];

/** The overall outcome, by the rule that was fixed with the claims. */
export function outcomeSection(verdicts: readonly Verdict[]): Section {
  const required = verdicts.filter((v) => REQUIRED.includes(v.claim));
  const overall = overallOutcome(required);
  return {
    id: "outcome",
    title: "Outcome",
    html: markup`<p>${
      sentence(overall)
    } The rule was fixed with the claims: slopes and errors must agree
over d = 16, 64 and 256 with one spectrum, slopes must be ordered by the decay of the spectrum, and without
decay the error must grow with d.</p>
<ul>${required.map((v) => markup`<li>${verdictWord(v.verdict)} – ${v.statement}</li>`)}</ul>
<p>The other claims ask for more than the abstract says: that slopes have the size that a balance with
unit constants gives, that curves bend as p<sub>eff</sub> grows, and that p<sub>eff</sub> can be counted
from a sample.</p>`,
  };
}

function sentence(overall: Verdict["verdict"]): Markup {
  return overall === "reproduced"
    ? markup`This run <b>reproduces the abstract's qualitative claim at miniature scale</b>: what counts is
the decay of the spectrum, not the ambient dimension.`
    : overall === "not reproduced"
    ? markup`This run <b>does not reproduce the abstract's qualitative claim</b> at miniature scale.`
    : markup`This run <b>leaves the abstract's qualitative claim open</b>.`;
}

/** What this test is not. */
export function limitsSection(
  designs: readonly MeasuredDesign[],
  settings: { readonly noise: number; readonly validation: number; readonly lengthScale: number },
): Section {
  const seeds = designs[0].study.curves.length;
  return {
    id: "limits",
    title: "What was run, and its limits",
    html: markup`<ul>
<li><b>Nothing here is a number of the paper.</b> Its body was not available when this was written, and it
is not known to have experiments. Definitions, predictions and designs are derived from its abstract.</li>
<li><b>Upper bounds are tested by one method.</b> The theory is about an ideal estimator (least squares over
a class of sparse networks whose size grows with n). Fitted here is one dense network of fixed size, by
Adam for a fixed number of steps. A slope flatter than predicted may be the fit's failure, not the
theory's; a steeper one contradicts nothing.</li>
<li><b>Constants are set to one.</b> The covering radius, the Hölder constant and the noise variance enter
p<sub>eff</sub>; the paper's are not known. The noise has ${settings.noise} times the standard deviation of
the target, so that the balance's unit variance fits; the target's length scale is ${settings.lengthScale}
standard deviations of the first coordinate.</li>
<li><b>The floor shows where p<sub>eff</sub> is smallest.</b> Targets that vary along one coordinate only are
rough there at every scale, which networks learn slowly: with the steepest spectra the error at large n is
about twice the optimiser's floor, and curves flatten for that reason too. A positive
quadratic term can come from the floor as well as from a growing p<sub>eff</sub>.</li>
<li><b>Sizes are moderate.</b> Between ${designs[0].study.curves[0].sizes[0]} and ${designs[0].study
      .curves[0].sizes.at(
        -1,
      )!} points p<sub>eff</sub> moves little; whether its growth is like √log n is not tested.</li>
<li><b>d is not confounded with training speed by design</b>: inputs and the first layer are scaled with d so
that a step of Adam changes the function by the same amount. With another scaling the errors of d = 16 and
d = 256 may differ although the theory's would not.</li>
<li><b>${settings.validation} more labels choose the checkpoint</b> and are not counted in n. They are the
same for all n.</li>
<li><b>The target is a random Fourier field</b>, one draw for each of ${seeds} seeds: it is s-Hölder up to
logarithms, rough in every direction and nowhere smoother than it must be. Intervals cover the draws of
target, sample and network, not other kinds of targets.</li>
<li><b>Intervals are not corrected</b> for the number of claims; p values are, within each family.</li>
</ul>`,
  };
}
