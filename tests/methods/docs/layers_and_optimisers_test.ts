// The tables of layers and optimisers name every export of methods/nn and methods/optim, once.
import assert from "node:assert/strict";
import * as nn from "../../../methods/nn/mod.ts";
import * as optim from "../../../methods/optim/mod.ts";

const docs = new URL("../../../methods/docs/", import.meta.url);
const page = await Deno.readTextFile(new URL("layers_and_optimisers.md", docs));

Deno.test("the tables of layers and optimisers are complete", () => {
  const [layers, optimisers] = page.split("\n## Optimisers\n");
  for (const [part, exported] of [[layers, nn], [optimisers, optim]] as const) {
    const names = Array.from(part.matchAll(/^\| `(\w+)` *\|/gm), ([, name]) => name);
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), [], "named twice");
    assert.deepEqual(names.toSorted(), Object.keys(exported).toSorted());
  }
});

Deno.test("every row has a cell for each column", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  assert.ok(rows.length > 150);
  for (const row of rows) assert.equal(row.split("|").length, 6, row);
});

Deno.test("README and guide lead to the page, and its anchors exist", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", docs));
  assert.match(readme, /\(methods\/docs\/layers_and_optimisers\.md\)/);
  const guide = await Deno.readTextFile(new URL("guide.md", docs));
  assert.match(guide, /\(layers_and_optimisers\.md\)/);
  const anchors = Array.from(
    page.matchAll(/^#+ (.*)$/gm),
    ([, title]) => title.toLowerCase().replace(/[^\w\s-]/g, "").replaceAll(" ", "-"),
  );
  for (const [, anchor] of page.matchAll(/\(#([\w-]+)\)/g)) {
    assert.ok(anchors.includes(anchor), anchor);
  }
});
