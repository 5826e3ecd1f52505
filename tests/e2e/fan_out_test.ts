/** A paper whose data decides how many nodes there are, through the real command line, and partial runs. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";
import { toyFiles } from "./toy.ts";

/** The toy paper with a stage that splits its numbers, and one that scales each part. */
const files: Readonly<Record<string, string>> = {
  ...toyFiles,
  "stages/toy/parts.ts": `/** Splits, and scales each part. */
import { z } from "zod";
import { json, list, stage } from "../../pipeline/mod.ts";

export const split = stage({
  name: "split",
  describe: "Makes a list of numbers, one item each",
  implementation: new URL("./split_run.ts", import.meta.url),
  inputs: { values: json<number[]>() },
  params: z.object({}),
  outputs: { parts: list(json<number>()) },
});

export const square = stage({
  name: "square",
  describe: "Squares a number",
  implementation: new URL("./square_run.ts", import.meta.url),
  inputs: { part: json<number>() },
  params: z.object({ broken: z.array(z.int()) }),
  outputs: { values: json<number[]>() },
});
`,
  "stages/toy/split_run.ts": `import type { Run } from "../../pipeline/types.ts";
import type { split } from "./parts.ts";

export const run: Run<typeof split> = async ({ inputs, outputs }) => {
  for (const value of await inputs.values.read()) await outputs.parts.add("n" + value, value);
};
`,
  "stages/toy/square_run.ts": `import type { Run } from "../../pipeline/types.ts";
import type { square } from "./parts.ts";

export const run: Run<typeof square> = async ({ inputs, params, outputs }) => {
  const x = await inputs.part.read();
  if (params.broken.includes(x)) throw new Error("this part is broken");
  await outputs.values.write([x * x]);
};
`,
  "stages/toy/pipeline.ts": toyFiles["stages/toy/pipeline.ts"]
    .replace(
      `import { judge, numbers, scale, total } from "./stages.ts";`,
      `import { each } from "../../pipeline/mod.ts";
import { judge, numbers, total } from "./stages.ts";
import { split, square } from "./parts.ts";`,
    ).replace(
      /const scaled = [\s\S]*?\.values\n {4}\);/,
      `const { parts } = split({ inputs: { values }, params: {} });
    const scaled = each(parts, (part, id) =>
      square({ id, inputs: { part }, params: { broken: config.broken } }).values);`,
    ),
};

Deno.test("a fan-out is planned, run, told, reported and bundled like other nodes", async () => {
  await using rig = await Rig.create(files);
  const before = await rig.cli("explain", "toy");
  assert.equal(before.code, 0, before.err);
  assert.match(before.out, /one node for each item of split\.parts, known when split has run/);
  const ran = await rig.cli("reproduce", "toy");
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /known {2}square ×5, from the items of split\.parts/);
  assert.match(ran.err, /done {3}square\[n\d\] .*\(5\/5\)/);
  assert.match(ran.out, /^square +5 +0 /m);
  assert.match(await rig.read("artifacts/reports/toy-small.html"), /square ×5/);
  const again = await rig.cli("reproduce", "toy", "--json");
  const { stages } = JSON.parse(again.out);
  assert.deepEqual(stages.map(({ id }: { id: string }) => id), [
    "numbers",
    "split",
    "square[n1]",
    "square[n2]",
    "square[n3]",
    "square[n4]",
    "square[n5]",
    "total",
    "judge",
  ]);
  assert.ok(stages.every(({ status }: { status: string }) => status === "cached"));
  const file = `${rig.dir}/toy.tar`;
  const bundled = await rig.cli("bundle", "toy", "-o", file);
  assert.equal(bundled.code, 0, bundled.err);
  const verified = await rig.cli("bundle", "verify", file, "--rerun", "--offline");
  assert.equal(verified.code, 0, verified.out + verified.err);
});

Deno.test("--only, --until and --from choose nodes, and say what is missing", async () => {
  await using rig = await Rig.create(files);
  const missing = await rig.cli("reproduce", "toy", "--preset", "smoke", "--only", "split");
  assert.equal(missing.code, 2);
  assert.match(missing.err, /--only split needs what is not in the store: numbers/);
  assert.match(missing.err, /deno task reproduce toy --preset smoke --until 'numbers'/);
  const until = await rig.cli("reproduce", "toy", "--until", "split");
  assert.equal(until.code, 0, until.err);
  assert.match(until.out, /2 ran, 0 cached/);
  assert.match(until.out, /partial run \(--until split\), without a verdict and a report\./);
  const explained = await rig.cli("explain", "toy", "--only", "square[n3],square[n4]", "--json");
  const { nodes, partial } = JSON.parse(explained.out);
  assert.deepEqual(nodes.map(({ id }: { id: string }) => id), ["square[n3]", "square[n4]"]);
  assert.equal(partial, "--only square[n3],square[n4]");
  const only = await rig.cli("reproduce", "toy", "--only", "square[n3],square[n4]", "--json");
  assert.equal(only.code, 0, only.err);
  const ran = JSON.parse(only.out);
  assert.deepEqual([ran.verdicts, ran.report, ran.stages.length], [[], null, 2]);
  const from = await rig.cli("reproduce", "toy", "--from", "square");
  assert.equal(from.code, 0, from.err);
  assert.match(from.out, /5 ran, 2 cached/);
  assert.match(from.out, /the rest was in the store/);
  assert.match(from.out, /^Report: /m);
  const wrong = await rig.cli("explain", "toy", "--until", "sqare");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /--until sqare means no node\nDid you mean square\?/);
  const save = await rig.cli("reproduce", "toy", "--only", "split", "--update-lock");
  assert.match(save.err, /--update-lock is for a whole result, and --only runs a part/);
});
