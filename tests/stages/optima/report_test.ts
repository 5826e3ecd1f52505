/** The report stage on synthetic metrics. */

import assert from "node:assert/strict";
import { parseHTML } from "linkedom/worker";
import { absentFrom, scopesOf } from "../../../methods/optima/claim_scope.ts";
import type { Metrics } from "../../../methods/optima/metrics.ts";
import { evaluateClaims } from "../../../methods/stats/claims.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import { loadClaims } from "../../../stages/optima/claims.ts";
import { POLICY_STYLES } from "../../../stages/optima/report/names.ts";
import { regretCurves } from "../../../stages/optima/report/regret.ts";
import { run } from "../../../stages/optima/report_run.ts";
import { input, sectionsOf, surroundings } from "../common/run_report.ts";
import { syntheticMetrics } from "./synthetic_metrics.ts";

/** Runs the stage's implementation in memory, on the claims' verdicts. */
async function report(metrics: Metrics): Promise<Record<string, ReportSection>> {
  const results = evaluateClaims(loadClaims(), scopesOf(metrics), { absent: absentFrom(metrics) });
  const inputs = {
    metrics: input(metrics),
    verdicts: input(results.map((r) => r.verdict)),
    evidence: input(results.map((r) => r.evidence)),
  };
  return await sectionsOf((outputs) => run({ inputs, params: {}, outputs, ...surroundings }));
}

const IDS = "outcome claims curves choices regret outcomes tasks samples teacher limits".split(" ");

Deno.test("the report has its sections in order, the same bytes each time", async () => {
  const metrics = syntheticMetrics({ seeds: 6 });
  const first = await report(metrics);
  assert.deepEqual(Object.keys(first), IDS);
  assert.equal(JSON.stringify(first), JSON.stringify(await report(metrics)));
});

Deno.test("sections are well-formed, without scripts, ids, dates or fixed colours", async () => {
  for (const { id, html } of Object.values(await report(syntheticMetrics({ seeds: 6 })))) {
    assert.doesNotMatch(html, /<script|NaN|undefined|Infinity|\[object/, id);
    assert.doesNotMatch(html, / id="/, id);
    const outside = html.replaceAll(/url\(|data:image[^"]*/g, "");
    assert.doesNotMatch(outside, /https?:|(stroke|fill)="#/, id);
    const { document } = parseHTML(`<html><body>${html}</body></html>`) as unknown as {
      document: Document;
    };
    assert.equal(
      document.querySelectorAll("svg").length,
      [...html.matchAll(/<svg/g)].length,
      `${id}: every chart survives parsing`,
    );
  }
});

Deno.test("each claim has its panel, each condition its curves", async () => {
  const sections = await report(syntheticMetrics({ seeds: 6 }));
  const svgs = (id: string) => [...sections[id].html.matchAll(/<svg[^>]*role="img"/g)].length;
  assert.equal(svgs("claims"), loadClaims().length);
  assert.equal(svgs("curves"), 6);
  assert.equal(svgs("choices"), 6);
  assert.equal(svgs("regret"), 3);
  assert.equal(svgs("tasks"), 9);
  assert.equal(svgs("teacher"), 1);
  assert.equal([...sections.samples.html.matchAll(/<img/g)].length, 4);
});

Deno.test("the outcome follows the verdicts and states the loss against all modules", async () => {
  const won = (await report(syntheticMetrics())).outcome.html;
  assert.match(won, /reproduces the qualitative claim at miniature scale/);
  assert.match(won, /at equal optimiser steps[^]*\+\d+\.\d %[^]*not reproduced/);
  const swapped = syntheticMetrics();
  const lost = (await report({
    ...swapped,
    table: swapped.table.map((row) => ({
      ...row,
      policy: row.policy === "optima" ? "random" : row.policy === "random" ? "optima" : row.policy,
    })),
  })).outcome.html;
  assert.match(lost, /does not reproduce the qualitative claim/);
  const open = (await report(syntheticMetrics({ seeds: 2 }))).outcome.html;
  assert.match(open, /leaves the qualitative claim open/);
});

Deno.test("a smoke run with one seed, one condition, few policies and no samples has a report", async () => {
  const sections = await report(syntheticMetrics({
    seeds: 1,
    conditions: ["wasted"],
    policies: ["optima", "random", "all", "none"],
    samples: 0,
  }));
  assert.ok(!("samples" in sections) && !("regret" in sections));
  for (const { id, html } of Object.values(sections)) {
    assert.doesNotMatch(html, /NaN|undefined/, id);
  }
  assert.match(sections.outcome.html, /1 seed,/);
});

Deno.test("optional measures may be left out", async () => {
  const metrics = syntheticMetrics({ seeds: 3, conditions: ["even"], policies: ["all", "none"] });
  const table = metrics.table.map((row) => {
    const { layer_loss, layer_loss_equal_flops, image_loss, text_loss, multimodal_loss, flops } =
      row.metrics;
    return {
      ...row,
      metrics: {
        layer_loss,
        layer_loss_equal_flops,
        image_loss,
        text_loss,
        multimodal_loss,
        flops,
      },
    };
  });
  const sections = await report({ ...metrics, table, teacher: { curve: [], metrics: {} } });
  assert.ok(!("tasks" in sections) && !("choices" in sections));
  assert.doesNotMatch(sections.outcomes.html, /R@10, %/);
});

Deno.test("captions are escaped", async () => {
  const metrics = syntheticMetrics({ seeds: 2, samples: 1 });
  const samples = [{ ...metrics.samples[0], teacher: "a <unk> & <b>bold</b>" }];
  const { html } = (await report({ ...metrics, samples })).samples;
  assert.match(html, /a &#60;unk&#62; &#38;/);
});

Deno.test("policies keep distinct looks", () => {
  const looks = Object.values(POLICY_STYLES).map((s) => s.colour);
  assert.equal(new Set(looks).size, looks.length);
});

Deno.test("regret is counted against the best fixed arm of the same seed and condition", () => {
  const pull = (policy: string, rewards: number[], seed = 0, condition = "even") => ({
    seed,
    condition,
    policy,
    arms: rewards.map(() => 0),
    rewards,
  });
  const pulls = [
    pull("optima", [1, 1, 1]),
    pull("image_only", [3, 0, 1]),
    pull("text_only", [0, 1, 1]),
    pull("image_only", [9, 9, 9], 1),
    pull("text_only", [9, 9, 9], 0, "skew"),
  ];
  const fixed = ["image_only", "text_only"];
  assert.deepEqual(regretCurves(pulls, "even", "optima", fixed), [[2, 1, 1]]);
  assert.deepEqual(regretCurves([pulls[0]], "even", "optima", fixed), []);
});
