/** What the report says in words. */

import { markup } from "../../../methods/plot/mod.ts";
import type { CellResult } from "../../../methods/convresnext/results.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import { type ClaimsWords, verdictWord } from "../../common/claims_section.ts";
import type { Section } from "../../common/section.ts";

export const CLAIMS_WORDS: ClaimsWords = {
  families: {
    dimension: "Ambient dimension",
    controls: "Controls",
    rates: "Rates in the number of examples",
    local: "Local adaptivity",
    classification: "Classification, the subject of the theorem",
    intrinsic: "Intrinsic dimension",
    depth: "Depth of a path",
    sparsity: "Few paths matter",
    overparameterisation: "More paths do no harm",
    interchange: "Width and depth in blocks",
  },
  introduction: markup`Each claim is decided by the seeds of its study: a seed is a sample with its
rotation, initial weights and order of batches, and all arms of a study share it. Exponents are fitted
for each seed, then tested over seeds.`,
};

/** The four parts of the paper's claim, each with the verdicts that carry it. */
const PARTS: readonly (readonly [string, readonly string[]])[] = [
  ["No curse of the ambient dimension where data lie on a curve, as in the theorems", [
    "net_flat_on_the_manifold",
    "rate_on_the_manifold",
    "classification_rate",
  ]],
  ["Less of it than kernel methods among irrelevant coordinates, as in the paper's figures", [
    "net_flat_in_filled_dimension",
    "net_degrades_less_than_krr",
    "net_steeper_than_krr",
  ]],
  ["Few paths matter under weight decay, and more of them do no harm", [
    "sparsity_with_decay",
    "overparameterisation_is_free",
  ]],
  ["Width and depth in blocks replace each other", [
    "wide_is_as_good_as_square",
    "deep_is_as_good_as_square",
  ]],
];

/** The parts of the paper's claim and what became of each. */
export function summarySection(
  results: readonly CellResult[],
  verdicts: readonly Verdict[],
): Section {
  const seeds = results[0].cell.seeds.length;
  return {
    id: "outcome",
    title: "Outcome",
    html: markup`<p>The paper's claim has four parts; ${seeds} seeds decided on each, at miniature
scale:</p>${
      PARTS.map(([part, ids]) =>
        markup`<p style="margin-bottom:.2rem"><b>${part}</b></p><ul style="margin-top:0">${
          verdicts.filter((v) => ids.includes(v.claim)).map((v) =>
            markup`<li>${verdictWord(v.verdict)} – ${v.statement}</li>`
          )
        }</ul>`
      )
    }<p>The numbers of every seed and cell are in <code>results.json</code> and
<code>studies.json</code>, kept beside this report.</p>`,
  };
}

/** What this reproduction is not. */
export function limitsSection(results: readonly CellResult[]): Section {
  const steps = Math.min(...results.map(({ cell }) => cell.training.steps));
  return {
    id: "limits",
    title: "What was run, and its limits",
    html: markup`<ul>
<li><b>No number of the paper can be compared with.</b> Its results are figures, and no code was
released. The function g₀, the range of irrelevant coordinates, optimiser, decay, n and D are choices
of this reconstruction, each a field of the configuration. With a louder or softer g₀ the curves lie
elsewhere.</li>
<li><b>The paper's experiment is not the situation of its theorems.</b> Its irrelevant coordinates fill
D − 3 further dimensions, so the data do not lie on a curve. Both situations were run.</li>
<li><b>Theorems are about global minimisers.</b> Networks here end where ${steps} steps of
Adam end (more for sparsity), with a decay that depends on n and, among irrelevant coordinates, on D; it
was chosen on other seeds. The kernel methods are tuned for every sample by itself, ridge regression
with further examples that the networks do not get: the comparison favours them.</li>
<li><b>Small n, short ranges.</b> Exponents are slopes over one decade of n; 2/3 and 4/5 cannot be told
apart this way. For K = L = 6 the theorem needs D up to about 20, so 32 lies outside of it.</li>
<li><b>Only part of the baselines.</b> Kernel ridge regression and a Gaussian process are here; XGBoost,
trees, Lasso and the parallel network of the paper's figures are not.</li>
</ul>`,
  };
}
