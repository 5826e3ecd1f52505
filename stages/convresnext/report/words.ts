/** What the report says in words. */

import { markup } from "../../../methods/plot/mod.ts";
import type { ClaimsWords } from "../../common/claims_section.ts";

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
