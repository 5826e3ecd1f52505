/** stages/optima/claims.yaml. */

import assert from "node:assert/strict";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { CONDITIONS } from "../../../methods/optima/condition.ts";
import { POLICIES } from "../../../methods/optima/policies.ts";
import { loadClaims } from "../../../stages/optima/claims.ts";

const METRICS = [
  "layer_loss",
  "layer_loss_equal_flops",
  "optima_loss_equal_flops",
  "recall_t2i_10",
  "caption_loss",
];

Deno.test("the claims of OPTIMA are valid and read only metrics, conditions and policies that exist", () => {
  for (const claim of loadClaims()) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    assert.ok(paths.length >= 2, claim.id);
    for (const [metric, condition, policy] of paths) {
      assert.ok(METRICS.includes(metric), `${claim.id}: ${metric}`);
      assert.ok((CONDITIONS as readonly string[]).includes(condition), `${claim.id}: ${condition}`);
      assert.ok((POLICIES as readonly string[]).includes(policy), `${claim.id}: ${policy}`);
    }
  }
});

Deno.test("the claims of OPTIMA hold their control, cite a tagged source and quote no number", () => {
  const claims = loadClaims();
  assert.ok(claims.some((c) => c.kind === "control"));
  assert.ok(claims.some((c) => c.kind === "noninferiority"));
  for (const claim of claims) {
    assert.match(claim.source, /\[(abs|der)\]/, claim.id);
    assert.equal(claim.paper, null, claim.id);
  }
});

Deno.test("every family leaves room for its smallest p value after Holm's correction", () => {
  const claims = loadClaims();
  for (const claim of claims.filter((c) => c.kind === "superiority" && c.family === "primary")) {
    const size = claims.filter((c) => c.family === claim.family).length;
    assert.ok(size * 2 ** -claim.minimum_n < claim.alpha, claim.id);
  }
});
