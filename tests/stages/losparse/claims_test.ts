/** stages/losparse/claims.yaml and its presets. */

import assert from "node:assert/strict";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { STRUCTURES } from "../../../methods/losparse/planted.ts";
import { METHODS } from "../../../methods/losparse/study.ts";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { loadClaims } from "../../../stages/losparse/claims.ts";
import { losparseConfig } from "../../../stages/losparse/schema.ts";

const text = await Deno.readTextFile(
  new URL("../../../stages/losparse/config.yaml", import.meta.url),
);
const { small } = (parse(text) as { presets: Record<string, unknown> }).presets;

Deno.test("the claims read only structures, budgets and methods that `small` measures", () => {
  const { budgets } = losparseConfig.parse(small);
  const ranks = budgets.map(({ rank }) => `r${rank}`);
  for (const claim of loadClaims()) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    assert.ok(paths.length >= 2, claim.id);
    for (const [metric, structure, rank, method] of paths) {
      assert.equal(metric, "error", claim.id);
      assert.ok((STRUCTURES as readonly string[]).includes(structure), claim.id);
      assert.ok(ranks.includes(rank), claim.id);
      assert.ok((METHODS as readonly string[]).includes(method), claim.id);
    }
  }
});

Deno.test("LoSparse must beat both of its parts at every budget, and sources carry their tags", () => {
  const claims = loadClaims();
  const ids = claims.filter(({ family }) => family === "primary").map(({ id }) => id);
  for (const rank of [3, 5, 7]) {
    for (const part of ["low_rank", "itp"]) assert.ok(ids.includes(`r${rank}_beats_${part}`));
  }
  for (const claim of claims) {
    assert.match(claim.source, /\[(abs|der|mem)\]/, claim.id);
    assert.equal(claim.paper, null, claim.id);
  }
});

Deno.test("presets refuse seeds of the calibration and budgets without rows", () => {
  const wrong = (change: object) => losparseConfig.safeParse({ ...small as object, ...change });
  assert.ok(!wrong({ seeds: [0, 100] }).success);
  assert.ok(!wrong({ budgets: [{ rank: 5, lowRank: 5 }] }).success);
  assert.ok(!wrong({ tuned: 4 }).success);
});
