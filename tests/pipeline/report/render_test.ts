/** Tests of pipeline/report/render.ts, dag.ts and style.ts. */

import assert from "node:assert/strict";
import { stageBoxes } from "../../../pipeline/report/dag.ts";
import { renderReport } from "../../../pipeline/report/render.ts";
import { palette } from "../../../pipeline/report/style.ts";
import { exampleMeta, exampleRun, node, verdict } from "./example_run.ts";

const page = await renderReport(exampleRun, exampleMeta);

Deno.test("renderReport() needs nothing outside the file", () => {
  assert.doesNotMatch(page, /<(script|link|iframe|object|embed)\b/i);
  assert.doesNotMatch(page, /\b(src|href)\s*=\s*["']?(?!#|data:)/i);
  assert.doesNotMatch(page, /@import|url\(/);
  assert.match(page, /Content-Security-Policy[^>]*default-src 'none'/);
});

Deno.test("renderReport() shows claims, sections, data licences, packages, keys and commands", () => {
  for (
    const part of [
      exampleMeta.title,
      exampleMeta.citation,
      "1 of 2 claims reproduced, 1 not; 1 control.",
      "better than random choice (certain)",
      "no number found",
      "[abs] read in the abstract",
      "Loss while distilling",
      "distill ×300",
      "emoji-datasource-google@16.0.0",
      "MIT AND OFL-1.1",
      "onnxruntime-node@1.30.0",
      "a".repeat(64),
      "git checkout 0123456789abcdef",
      "deno task reproduce toy --preset small --provider cpu",
      "holds at that scale",
    ]
  ) assert.ok(page.includes(part), part);
  assert.equal(page.match(/distill\[seed-/g)?.length, 300);
});

Deno.test("renderReport() leaves the note on scale out for the preset paper", async () => {
  const full = await renderReport({ ...exampleRun, preset: "paper", nodes: [] }, exampleMeta);
  assert.ok(!full.includes("holds at that scale"));
});

Deno.test("renderReport() escapes everything but sections", async () => {
  const evil = `<b onclick="x">&'`;
  const text = await renderReport({
    ...exampleRun,
    nodes: [node("a", { stage: evil, describe: evil, reason: evil })],
    verdicts: [verdict({ claim: evil, statement: evil, paper: evil, source: evil })],
    sections: [{ id: "s", title: evil, html: "<i>kept</i>" }],
  }, { ...exampleMeta, title: evil, command: evil });
  assert.ok(!text.includes("<b onclick"));
  assert.ok(text.includes("<i>kept</i>"));
});

Deno.test("renderReport() says when there are no verdicts", async () => {
  const text = await renderReport({ ...exampleRun, verdicts: [], nodes: [] }, exampleMeta);
  assert.match(text, /There are none/);
});

Deno.test("renderReport() shows no placeholder numbers of a claim that was not tested", async () => {
  const untested = { n: 0, statistic: 4.25, effect: 5.25, p: 0.625 };
  const text = await renderReport({ ...exampleRun, verdicts: [verdict(untested)] }, exampleMeta);
  for (const number of ["4.25", "5.25", "0.625"]) assert.ok(!text.includes(number), number);
});

Deno.test("stageBoxes() collapses nodes, keeps edges once and shows the worst status", () => {
  const boxes = stageBoxes([
    node("a", { status: "cached" }),
    node("b[1]", { inputs: ["a"], status: "cached" }),
    node("b[2]", { inputs: ["a"], status: "failed" }),
    node("c", { inputs: ["b[1]", "b[2]"] }),
  ]);
  assert.deepEqual(boxes.map((b) => [b.stage, b.nodes.length, b.status, b.inputs]), [
    ["a", 1, "cached", []],
    ["b", 2, "failed", ["a"]],
    ["c", 1, "ran", ["b"]],
  ]);
});

/** WCAG 2 relative luminance of "#rrggbb". */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

Deno.test("the palette has the documented contrast on the page in both schemes", () => {
  for (const scheme of [0, 1] as const) {
    for (const [name, values] of Object.entries(palette)) {
      if (name === "--bg" || name === "--line") continue;
      const [a, b] = [luminance(values[scheme]), luminance(palette["--bg"][scheme])];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      assert.ok(contrast >= (name.startsWith("--series") ? 3 : 4.5), `${name} ${contrast}`);
    }
  }
});
