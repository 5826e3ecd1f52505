/** The report stage on planted results. */

import assert from "node:assert/strict";
import { parseHTML } from "linkedom/worker";
import { studiesOf } from "../../../methods/convresnext/results.ts";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import { loadClaims } from "../../../stages/convresnext/claims.ts";
import { run } from "../../../stages/convresnext/report_run.ts";
import { input, sectionsOf, surroundings } from "../common/run_report.ts";
import { plantedResults } from "./planted_results.ts";
import { preset } from "./preset.ts";

async function report(name: string): Promise<Record<string, ReportSection>> {
  const config = await preset(name), results = plantedResults(config);
  const decided = evaluateStudies(loadClaims(), studiesOf(results, config.seeds));
  const inputs = {
    results: input(results),
    verdicts: input(decided.map((r) => r.verdict)),
    evidence: input(decided.map((r) => r.evidence)),
  };
  return await sectionsOf((outputs) => run({ inputs, params: {}, outputs, ...surroundings }));
}

Deno.test("the report of the small preset has its sections, figures and tables", async () => {
  const sections = await report("small");
  assert.deepEqual(
    Object.keys(sections),
    "outcome dimension degrees local rates sparsity interchange claims limits".split(" "),
  );
  const page = (id: string) => parseHTML(`<body>${sections[id].html}</body>`).document;
  // Two panels over D, then one for each arm and D.
  assert.equal(page("dimension").querySelectorAll("svg[role=img]").length, 2 + 6);
  assert.equal(page("degrees").querySelectorAll("tbody tr").length, 6);
  assert.equal(page("interchange").querySelectorAll("tbody tr").length, 3);
  assert.equal(page("rates").querySelectorAll("svg[role=img]").length, 3);
  assert.equal(page("sparsity").querySelectorAll("svg[role=img]").length, 3);
  const outcomes = [...page("outcome").querySelectorAll("li")].map((li) => li.textContent);
  assert.equal(outcomes.length, 10);
  assert.ok(outcomes.every((text) => text.startsWith("reproduced")));
  // Planted: inside three times the outside for kernels, equal for the network.
  const ratios = [...page("local").querySelectorAll("tbody tr")].map((tr) =>
    Number(tr.querySelector("td:last-child")!.textContent)
  );
  assert.deepEqual(ratios.map(Math.round), [1, 3, 3]);
});

Deno.test("few seeds and sizes are drawn too", async () => {
  assert.match((await report("smoke")).limits.html, /20 steps of/);
});
