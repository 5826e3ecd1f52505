/** Published tables: what they may hold, and how they stand beside a run. */

import assert from "node:assert/strict";
import { markup } from "../../../methods/plot/mod.ts";
import { loadPublished as adalora } from "../../../stages/adalora/published.ts";
import { parsePublished } from "../../../stages/common/published/schema.ts";
import { publishedSection } from "../../../stages/common/published/section.ts";
import { loadPublished as losparse } from "../../../stages/losparse/published.ts";

const FILE = `
tasks:
  squad: { title: SQuAD, measures: [EM, F1] }
methods: { lora: LoRA }
tables:
  - id: "2"
    title: development set
    certainty: text
    summary: one run
    columns: [{ task: squad, level: small }, { task: squad, level: large }]
    rows: [{ method: lora, values: 84.40/91.5 – }]
    notes: [one thing contradicts another]
unknown: [variances]
`;

Deno.test("the average of AdaLoRA's Table 1 is the mean of its tasks, so the rows were copied whole", () => {
  const table = adalora().tables.find(({ id }) => id === "1")!;
  assert.equal(table.rows.length, 12);
  for (const { method, level, values } of table.rows) {
    const means = values.map(({ values }) => values!.reduce((a, b) => a + b, 0) / values!.length);
    const average = means.pop()!;
    const mean = means.reduce((a, b) => a + b, 0) / means.length;
    assert.ok(Math.abs(mean - average) < 0.01, `${method} ${level}: ${mean} against ${average}`);
  }
});

Deno.test("LoSparse's numbers fall with the remaining share, and none of a baseline is there", () => {
  const { tables, methods } = losparse();
  for (const { id, rows } of tables) {
    const shares = rows.filter(({ method }) => method === "losparse")
      .map(({ values }) => values.flatMap(({ values }) => values ?? []));
    for (let i = 1; i < shares.length; i++) {
      shares[i].forEach((x, k) => assert.ok(x <= shares[i - 1][k], `${id}, row ${i}, number ${k}`));
    }
  }
  assert.ok(!Object.keys(methods).some((name) => /itp|movement/.test(name)));
});

Deno.test("a table stands alone, with its notes, where nothing was run at scale", () => {
  const { html } = publishedSection(parsePublished(FILE), {
    instead: { 2: markup`See <a href="#text">the study</a>.` },
  });
  for (
    const part of [
      "Not attempted at scale.",
      "84.40/91.5",
      "one thing contradicts another",
      '<a href="#text">the study</a>',
      "variances",
    ]
  ) {
    assert.ok(html.text.includes(part), part);
  }
});

Deno.test("a measured value stands in its own cell, with the digits of the printed one", () => {
  const cell = { table: "2", method: "lora", task: "squad", seeds: 3, values: [80.123, 90.06] };
  const published = parsePublished(FILE);
  const { html } = publishedSection(published, { measured: [{ ...cell, level: "small" }] });
  assert.match(
    html.text,
    /84\.40\/91\.5<br><strong>80\.12\/90\.06<\/strong> <small>n = 3<\/small>/,
  );
  assert.ok(!html.text.includes("Not attempted at scale."));
  assert.throws(
    () => publishedSection(published, { measured: [{ ...cell, level: "huge" }] }),
    /table 2 has no cell for lora, squad, huge/,
  );
});

Deno.test("files are refused that hold memory, a missing cell, a wrong measure or an unknown name", () => {
  const refused = (from: string, to: string, why: RegExp) =>
    assert.throws(() => parsePublished(FILE.replace(from, to)), why);
  refused("certainty: text", "certainty: mem", /certainty/);
  refused("84.40/91.5 –", "84.40/91.5", /1 cells for 2 columns/);
  refused("84.40/91.5", "84.40", /is not EM\/F1/);
  refused("84.40/91.5", "84.40/ninety", /is no number/);
  refused("method: lora", "method: lore", /no title for the method lore/);
  refused("task: squad, level: small", "task: cola", /no title for the task cola/);
});
