/** stages/adalora/claims.yaml and its presets. */

import assert from "node:assert/strict";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { NEEDS } from "../../../methods/adalora/planted.ts";
import { ADAPTATIONS } from "../../../methods/adalora/variants.ts";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { loadClaims } from "../../../stages/adalora/claims.ts";
import { adaloraConfig } from "../../../stages/adalora/schema.ts";

const text = await Deno.readTextFile(
  new URL("../../../stages/adalora/config.yaml", import.meta.url),
);
const { small } = (parse(text) as { presets: Record<string, unknown> }).presets;

Deno.test("the claims read only needs, budgets and methods that `small` measures", () => {
  const { ranks } = adaloraConfig.parse(small);
  for (const claim of loadClaims()) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    for (const [metric, need, rank, method] of paths) {
      assert.ok(metric === "error" || metric === "found", claim.id);
      assert.ok((NEEDS as readonly string[]).includes(need), claim.id);
      assert.ok(ranks.some((r) => `r${r}` === rank), claim.id);
      assert.ok((ADAPTATIONS as readonly string[]).includes(method), claim.id);
    }
  }
});

Deno.test("there is a negative control and an interaction, and sources carry their tags", () => {
  const claims = loadClaims();
  assert.ok(claims.some(({ kind }) => kind === "control"));
  assert.ok(claims.some(({ id }) => id === "low_budget_gains_more"));
  for (const claim of claims) {
    assert.match(claim.source, /\[(text|der)/, claim.id);
    assert.equal(claim.paper, null, claim.id);
  }
});

Deno.test("presets refuse seeds of the calibration and odd numbers of blocks", () => {
  const wrong = (change: object) => adaloraConfig.safeParse({ ...small as object, ...change });
  assert.ok(!wrong({ seeds: [100] }).success);
  const { sizes } = adaloraConfig.parse(small);
  assert.ok(!wrong({ sizes: { ...sizes, blocks: 3 } }).success);
});
