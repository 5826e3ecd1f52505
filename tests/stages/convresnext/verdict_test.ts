/** Claims of ConvResNeXt on planted results: all hold when planted so, and fail when planted wrong. */

import assert from "node:assert/strict";
import { studiesOf } from "../../../methods/convresnext/results.ts";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import { loadClaims } from "../../../stages/convresnext/claims.ts";
import { preset } from "./preset.ts";
import { type Planted, plantedResults } from "./planted_results.ts";

async function verdicts(name: string, planted: Planted = {}) {
  const config = await preset(name);
  const results = plantedResults(config, planted);
  const decided = evaluateStudies(loadClaims(), studiesOf(results, config.seeds));
  return Object.fromEntries(decided.map(({ verdict }) => [verdict.claim, verdict]));
}

Deno.test("where everything was planted as the paper says, every claim is reproduced", async () => {
  for (const verdict of Object.values(await verdicts("small"))) {
    assert.equal(verdict.verdict, "reproduced", `${verdict.claim}: ${verdict.explanation}`);
  }
});

Deno.test("planted wrongs are not reproduced", async () => {
  const by = await verdicts("small", { netD: 1.2, activeWithDecay: 0.8, deep: 2 });
  assert.equal(by.net_flat_in_filled_dimension.verdict, "not reproduced");
  assert.ok(Math.abs(by.net_flat_in_filled_dimension.effect - 1.2) < 0.02);
  assert.equal(by.net_degrades_less_than_krr.verdict, "not reproduced");
  assert.equal(by.sparsity_with_decay.verdict, "not reproduced");
  assert.equal(by.participation_with_decay.verdict, "not reproduced");
  assert.equal(by.deep_is_as_good_as_square.verdict, "not reproduced");
  assert.equal(by.wide_is_as_good_as_square.verdict, "reproduced");
  assert.equal(by.control_no_sparsity_without_decay.control, true);
});

Deno.test("two seeds decide nothing, and every metric of a claim is there", async () => {
  const all = Object.values(await verdicts("smoke"));
  assert.equal(all.length, loadClaims().length);
  assert.ok(all.every(({ verdict, n }) => verdict === "inconclusive" && n === 2));
});

Deno.test("a missing seed is named", async () => {
  const config = await preset("smoke");
  assert.throws(() => studiesOf(plantedResults(config), [0, 99]), /no outcome for seed 99/);
});
