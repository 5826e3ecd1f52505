/** stages/adalora/claims.yaml and its presets. */

import assert from "node:assert/strict";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { NEEDS } from "../../../methods/adalora/planted.ts";
import { ADAPTATIONS } from "../../../methods/adalora/variants.ts";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { loadClaims } from "../../../stages/adalora/claims.ts";
import { adaloraConfig, studies } from "../../../stages/adalora/schema.ts";
import type { FineTuned } from "../../../stages/adalora/text/fine_tune.ts";
import { textMetrics } from "../../../stages/adalora/text/metrics.ts";

const text = await Deno.readTextFile(
  new URL("../../../stages/adalora/config.yaml", import.meta.url),
);
const { small } = (parse(text) as { presets: Record<string, unknown> }).presets;

Deno.test("claims of planted updates read only needs, budgets and methods that `small` measures", () => {
  const { planted: { ranks } } = studies.parse(small);
  const claims = loadClaims().filter(({ study }) => study === "planted_updates");
  assert.ok(claims.length > 0);
  for (const claim of claims) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    for (const [metric, need, rank, method] of paths) {
      assert.ok(metric === "error" || metric === "found", claim.id);
      assert.ok((NEEDS as readonly string[]).includes(need), claim.id);
      assert.ok(ranks.some((r) => `r${r}` === rank), claim.id);
      assert.ok((ADAPTATIONS as readonly string[]).includes(method), claim.id);
    }
  }
});

/** What the study on text would come to in `small`, with made-up values. */
function madeUp(): FineTuned[] {
  const { text: { comparisons, seeds } } = studies.parse(small);
  const ranks = { "blocks.0.mlp.up": 3, "blocks.0.attention.key": 1, "blocks.1.mlp.down": 0 };
  return comparisons.flatMap(({ tasks, ranks: budgets, methods }) =>
    tasks.flatMap((task) =>
      budgets.flatMap((rank) =>
        methods.map((method, m): FineTuned => ({
          task,
          method,
          rank,
          lr: 1,
          parameters: 1,
          seeds,
          outcomes: seeds.map((seed) => ({
            accuracy: 0.5,
            loss: 1 + seed + m,
            curve: [],
            ...(method === "adalora" ? { ranks } : {}),
          })),
        }))
      )
    )
  );
}

Deno.test("every claim of text can be read from what `small` measures", () => {
  const metrics = textMetrics(madeUp());
  const claims = loadClaims().filter(({ study }) => study === "real_text");
  assert.ok(claims.length > 0);
  for (const estimand of claims.flatMap(estimandsOf).map(parseEstimand)) {
    for (const seed of metrics) assert.ok(Number.isFinite(estimand.evaluate(seed)));
  }
});

Deno.test("means are over tasks, of what was run on all of them; shares are of ranks", () => {
  const [{ scope }] = textMetrics(madeUp());
  const read = (path: string) => parseEstimand(path).evaluate({ seed: 0, scope });
  assert.equal(read("loss.mean.r1.lora"), 2);
  assert.equal(read("mlp.mean.r4.adalora"), 0.75);
  assert.equal(read("upper.mean.r4.adalora"), 0);
  assert.throws(() => read("loss.mean.r1.head"));
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
  const { planted, text } = studies.parse(small);
  const parse = (change: object) => adaloraConfig.safeParse({ planted, text, ...change }).success;
  assert.ok(parse({}));
  assert.ok(!parse({ planted: { ...planted, seeds: [100] } }));
  assert.ok(!parse({ planted: { ...planted, sizes: { ...planted.sizes, blocks: 3 } } }));
  assert.ok(!parse({ text: { ...text, seeds: [100] } }));
  assert.ok(!parse({ text: { ...text, rates: {} } }), "a method without a learning rate");
  assert.ok(!parse({ text: { ...text, tasks: text.tasks.slice(1) } }), "a task that is not made");
});
