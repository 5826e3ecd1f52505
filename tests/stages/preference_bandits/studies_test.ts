/** From results to verdicts and report, in a world that is as theory says and in worlds that are not. */

import assert from "node:assert/strict";
import { parseHTML } from "linkedom/worker";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import { loadConfig } from "../../../pipeline/declare/config.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import { loadClaims } from "../../../stages/preference_bandits/claims.ts";
import { studiesOf } from "../../../stages/preference_bandits/collect_run.ts";
import pipeline from "../../../stages/preference_bandits/pipeline.ts";
import { run } from "../../../stages/preference_bandits/report_run.ts";
import { input, sectionsOf, surroundings } from "../common/run_report.ts";
import { syntheticResults, type World } from "./synthetic_results.ts";

const file = new URL("../../../stages/preference_bandits/config.yaml", import.meta.url);
const load = (preset: string) => loadConfig({ file, schema: pipeline.config, preset });

async function decide(preset: string, world: World = {}) {
  const config = await load(preset);
  const results = syntheticResults(config, world);
  const studies = studiesOf(results, config);
  const decided = evaluateStudies(loadClaims(), studies);
  const by = Object.fromEntries(decided.map(({ verdict }) => [verdict.claim, verdict.verdict]));
  return { config, results, studies, decided, by };
}

Deno.test("every preset measures what the claims read", async () => {
  for (const preset of ["smoke", "small", "calibration"]) {
    const { decided } = await decide(preset);
    for (const { verdict } of decided) assert.doesNotMatch(verdict.explanation, /^Not tested/);
  }
});

Deno.test("in the world of the theory every claim is reproduced", async () => {
  const { by } = await decide("small");
  const missed = Object.entries(by).filter(([, verdict]) => verdict !== "reproduced");
  assert.deepEqual(missed, []);
});

Deno.test("smoke decides nothing over its two blocks", async () => {
  const { decided } = await decide("smoke");
  for (const { verdict } of decided) {
    if (verdict.n < 6) assert.equal(verdict.verdict, "inconclusive");
  }
});

Deno.test("planted: preferences that never lose refute P2 and P3 and keep P1", async () => {
  const { by } = await decide("small", { preferenceLoss: 0 });
  for (const n of [320, 1280, 5120]) {
    assert.equal(by[`p1_n${n}`], "reproduced");
    assert.equal(by[`p2_n${n}`], "not reproduced", `p2_n${n}`);
  }
  assert.equal(by.p2_saturated, "not reproduced");
  assert.equal(by.p3_n320, "not reproduced");
});

Deno.test("planted: preferences that lose ten times as much refute P1", async () => {
  const { by } = await decide("small", { preferenceLoss: 20 });
  assert.equal(by.p1_n320, "not reproduced");
  assert.equal(by.p2_n320, "reproduced");
});

Deno.test("planted: a wrong rate and estimators that disagree are found out", async () => {
  const { by } = await decide("small", { errorPower: -0.4, disagreement: 1e-4 });
  assert.equal(by.error_rate, "not reproduced");
  assert.equal(by.estimators_agree, "not reproduced");
});

Deno.test("a ball that does not hold the truth is refused at the field to change", async () => {
  const config = structuredClone(await load("smoke"));
  const { error } = pipeline.config.safeParse({ ...config, mle: { ...config.mle, ball: 0.7 } });
  assert.deepEqual(error?.issues.map((i) => i.path.join(".")), ["bandit.gap", "linear.norm"]);
});

async function report(preset: string): Promise<Record<string, ReportSection>> {
  const { config, results, studies, decided } = await decide(preset);
  const inputs = {
    results: input(results),
    studies: input(studies),
    verdicts: input(decided.map((r) => r.verdict)),
    evidence: input(decided.map((r) => r.evidence)),
  };
  return await sectionsOf((outputs) =>
    run({ inputs, params: { config }, outputs, ...surroundings })
  );
}

Deno.test("the report has its sections, well-formed, without scripts, ids or fixed colours", async () => {
  const sections = await report("smoke");
  assert.deepEqual(
    Object.keys(sections),
    ("outcome crossing bandits saturation price rates validity pessimism concentrability noise estimates " +
      "claims limits").split(" "),
  );
  for (const { id, html } of Object.values(sections)) {
    assert.doesNotMatch(html, /<script|NaN|undefined|Infinity|\[object/, id);
    assert.doesNotMatch(html, / id="/, id);
    assert.doesNotMatch(html, /(fill|stroke)="#/, id);
    const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
    assert.ok((document.body.textContent ?? "").length > 100, id);
  }
});

Deno.test("the report says whether the claim as a whole is reproduced, by the rule of the claims", async () => {
  const { outcome } = await report("small");
  assert.match(outcome.html, /reproduces the qualitative claim/);
  const { outcome: smoke } = await report("smoke");
  assert.match(smoke.html, /leaves the qualitative claim open/);
});
