/** From results to verdicts and the report; printed numbers and configuration. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import type { Results } from "../../../stages/panda/collect.ts";
import { loadClaims } from "../../../stages/panda/claims.ts";
import { loadPublished } from "../../../stages/panda/published.ts";
import { run as draw } from "../../../stages/panda/report_run.ts";
import { pandaConfig } from "../../../stages/panda/schema.ts";
import { joinCells, studiesOf } from "../../../stages/panda/studies.ts";
import { cellName, linearGrid, logarithmicGrid } from "../../../methods/panda/cells.ts";
import { syntheticResults } from "./synthetic_results.ts";

const HOLDS = { slopes: { panda: 0, lpd: 1, adalda: 0.7 }, risk: 0.2068, replicates: 20 };

function decide(results: Results) {
  const claims = loadClaims();
  const studies = studiesOf(results, claims.flatMap((claim) => claim.study ?? []));
  const decided = evaluateStudies(claims, studies);
  return { decided, of: (id: string) => decided.find((d) => d.verdict.claim === id)!.verdict };
}

describe("the claims", () => {
  it("are reproduced where the effect is planted", () => {
    const { of } = decide(syntheticResults(HOLDS));
    for (
      const id of ["sensitivity_panda", "sensitivity_lpd", "sensitivity_adalda", "risk_ar1_lpd"]
        .concat(["match_a_risk_panda", "penalty_small", "penalty_flat", "control_lpd_slope"])
        .concat(["control_theory", "rate_n", "leukemia", "srbct"])
    ) assert.equal(of(id).verdict, "reproduced", id);
  });

  it("are refused where the contrary is planted", () => {
    const { of } = decide(syntheticResults({
      slopes: { panda: 1, lpd: 0.5, adalda: 0 },
      risk: 0.23,
      replicates: 20,
    }));
    for (
      const id of ["sensitivity_panda", "sensitivity_lpd", "risk_ar1_lpd", "match_a_risk_panda"]
        .concat(["match_a_l2_adalda_printed"])
    ) assert.equal(of(id).verdict, "not reproduced", id);
  });

  it("stay open for studies that a preset leaves out", () => {
    const { of } = decide(syntheticResults(HOLDS));
    assert.equal(of("risk_e_lpd").verdict, "inconclusive");
    assert.match(of("risk_e_lpd").explanation, /does not run approximately_sparse_400/);
  });

  it("hold the printed numbers of published.yaml", () => {
    const { cells, replicates } = loadPublished();
    const matches = loadClaims().filter((claim) => claim.kind === "match");
    assert.equal(matches.length, 13);
    for (const claim of matches) {
      const [metric, method] = claim.estimand.split(".");
      const printed = cells.find((cell) =>
        cellName(cell) === claim.study && cell.metric === metric &&
        cell.method === method.replace("_printed", "")
      )!;
      assert.equal(claim.published.value, printed.mean, claim.id);
      assert.equal(claim.published.sd, printed.sd, claim.id);
      assert.equal(claim.published.n, replicates);
    }
  });
});

describe("the report", () => {
  it("sets printed beside measured, and says of every other cell why not", async () => {
    const results = syntheticResults(HOLDS);
    const { decided } = decide(results);
    const reader = <T>(value: T) => ({ path: "", read: () => Promise.resolve(value) });
    let html = "";
    await draw({
      inputs: {
        results: reader(results),
        verdicts: reader(decided.map((d) => d.verdict)),
        evidence: reader(decided.map((d) => d.evidence)),
      },
      params: { published: loadPublished() },
      outputs: {
        sections: {
          path: "",
          write: (sections) => Promise.resolve(void (html = sections.map((s) => s.html).join(""))),
        },
      },
      provider: "cpu",
      threads: 1,
      progress: () => {},
    });
    assert.match(html, /0\.2068 \(0\.0069\)/);
    assert.match(html, /its seed is not known/);
    assert.match(html, /not run in this preset/);
    assert.doesNotMatch(html, /NaN|undefined/);
  });
});

describe("configuration and names", () => {
  it("every preset fits the schema", async () => {
    const url = new URL("../../../stages/panda/config.yaml", import.meta.url);
    const { presets } = parse(await Deno.readTextFile(url)) as {
      presets: Record<string, Record<string, unknown> & { extends?: string }>;
    };
    assert.deepEqual(Object.keys(presets).sort(), ["calibration", "paper", "small", "smoke"]);
    pandaConfig.parse(presets.small);
  });

  it("the paper's preset has every printed cell of tables 2 and 3", async () => {
    const url = new URL("../../../stages/panda/config.yaml", import.meta.url);
    const { presets } = parse(await Deno.readTextFile(url)) as {
      presets: { paper: { cells: Parameters<typeof cellName>[0][] } };
    };
    const run = new Set(presets.paper.cells.map((cell) => cellName({ ...cell, n: cell.n ?? 200 })));
    for (const cell of loadPublished().cells) {
      if (cell.table === 2 || cell.table === 3) assert(run.has(cellName(cell)), cellName(cell));
    }
  });

  it("grids descend, and hold the decimals that people write", () => {
    assert.deepEqual(linearGrid(0.1, 0.5), [0.5, 0.4, 0.3, 0.2, 0.1]);
    const grid = logarithmicGrid(0.1, 10, 3);
    assert(Math.abs(grid[1] - 1) < 1e-12 && grid[0] === 10);
  });

  it("joinCells() puts the parts of a cell together, by seed", () => {
    const part = (seed: number) => ({
      cell: "x",
      delta: 1,
      bayesRisk: 0.1,
      replicates: [{ seed, methods: {} }],
    });
    const [joined] = joinCells([part(3), part(1)]);
    assert.deepEqual(joined.replicates.map((r) => r.seed), [1, 3]);
  });
});
