/** The verdict stage on synthetic metrics. */

import assert from "node:assert/strict";
import { absentFrom, scopesOf } from "../../../methods/optima/claim_scope.ts";
import type { Metrics } from "../../../methods/optima/metrics.ts";
import type { ClaimEvidence } from "../../../methods/stats/claims.ts";
import type { Verdict } from "../../../pipeline/types.ts";
import { loadClaims } from "../../../stages/optima/claims.ts";
import { verdict } from "../../../stages/optima/verdict.ts";
import { run } from "../../../stages/optima/verdict_run.ts";
import { syntheticMetrics } from "./synthetic_metrics.ts";

/** Runs the stage's implementation in memory. */
async function decide(metrics: Metrics) {
  let verdicts: Verdict[] = [];
  let evidence: ClaimEvidence[] = [];
  await run({
    inputs: { metrics: { path: "metrics.json", read: () => Promise.resolve(metrics) } },
    params: verdict.declaration.params.parse({ claims: loadClaims() }),
    outputs: {
      verdicts: { path: "verdicts.json", write: (v) => Promise.resolve(void (verdicts = v)) },
      evidence: { path: "evidence.json", write: (v) => Promise.resolve(void (evidence = v)) },
    },
    provider: "cpu",
    threads: 1,
    progress: () => {},
  });
  return { verdicts, evidence, by: Object.fromEntries(verdicts.map((v) => [v.claim, v])) };
}

Deno.test("the planted gain is found, its control stays quiet, and losing to `all` is said", async () => {
  const { by } = await decide(syntheticMetrics());
  assert.equal(by.wasted_random.verdict, "reproduced");
  assert.equal(by.wasted_round_robin.verdict, "reproduced");
  assert.equal(by.even_no_gain.verdict, "reproduced");
  assert.equal(by.even_no_gain.control, true);
  assert.equal(by.even_not_worse.verdict, "reproduced");
  assert.equal(by.gain_needs_wasted_arm.verdict, "reproduced");
  assert.equal(by.wasted_all_equal_steps.verdict, "not reproduced");
  assert.equal(by.wasted_all_equal_flops.verdict, "not reproduced");
  assert.ok(Math.abs(by.wasted_random.effect - (0.571 / 0.599 - 1)) < 0.01);
});

Deno.test("verdicts and evidence come in the order of the claims", async () => {
  const { verdicts, evidence } = await decide(syntheticMetrics());
  const ids = loadClaims().map((c) => c.id);
  assert.deepEqual(verdicts.map((v) => v.claim), ids);
  assert.deepEqual(evidence.map((e) => e.claim), ids);
  assert.ok(evidence.every((e) => e.values.length === 8 && e.seeds.length === 8));
});

Deno.test("a smoke run with two seeds and few policies decides nothing and does not fail", async () => {
  const metrics = syntheticMetrics({
    seeds: 2,
    conditions: ["wasted"],
    policies: ["optima", "random", "all", "none"],
  });
  const { verdicts, by } = await decide(metrics);
  assert.ok(verdicts.every((v) => v.verdict === "inconclusive"));
  assert.match(by.wasted_random.explanation, /2 seeds are too few/);
  assert.match(by.wasted_greedy.explanation, /policy "greedy" is not part of this preset/);
  assert.match(by.even_no_gain.explanation, /condition "even" is not part of this preset/);
});

Deno.test("a metric that evaluation forgot is an error with its path", async () => {
  const metrics = syntheticMetrics();
  const table = metrics.table.map((row) => {
    const { caption_loss: _, ...rest } = row.metrics;
    return { ...row, metrics: rest };
  });
  await assert.rejects(
    decide({ ...metrics, table }),
    /Claim "task_captioning": The metric "caption_loss\.wasted\.optima"/,
  );
});

Deno.test("misspelt conditions and policies are not taken for absent ones", () => {
  const absent = absentFrom(syntheticMetrics({ conditions: ["even"], policies: ["optima"] }));
  assert.equal(absent(["layer_loss", "evn", "optima"]), null);
  assert.equal(absent(["layer_loss", "even", "optma"]), null);
  assert.match(absent(["layer_loss", "skew", "optima"]) ?? "", /"skew"/);
  assert.match(absent(["layer_loss", "even", "random"]) ?? "", /"random"/);
});

Deno.test("scopes hold each seed's own values", () => {
  const metrics = syntheticMetrics({ seeds: 2 });
  const [first, second] = scopesOf(metrics);
  const row = metrics.table.find((r) =>
    r.seed === 1 && r.condition === "skew" && r.policy === "all"
  )!;
  const scope = second.scope as Record<string, Record<string, Record<string, number>>>;
  assert.equal(second.seed, 1);
  assert.equal(scope.layer_loss.skew.all, row.metrics.layer_loss);
  assert.notDeepEqual(first.scope, second.scope);
});
