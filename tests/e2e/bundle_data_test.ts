/** Bundles of papers with data: a package's files, a download and a file of the user's. */

import assert from "node:assert/strict";
import { sha256 } from "../../pipeline/canonical.ts";
import { encodeManifest } from "../../pipeline/store/tree_manifest.ts";
import { byStatus, parse } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";
import { toyFiles } from "./toy.ts";

const numbers = "[1,2,3]\n";
const extra = "[10,20]\n";
const more = "[100]\n";
const digest = sha256(encodeManifest([
  { path: "data/numbers.json", digest: sha256(numbers), bytes: numbers.length },
]));

/** The toy paper, summing the numbers of a package and of a local file. */
const files: Readonly<Record<string, string>> = {
  ...toyFiles,
  "stages/toy/pipeline.ts": `/** The toy paper on data. */
import { z } from "zod";
import { download, json, localFile, npmPackage, pipeline } from "../../pipeline/mod.ts";
import { judge, sum } from "./stages.ts";

export default pipeline({
  name: "toy",
  title: "Toy",
  citation: "Nobody 2026",
  summary: "Adds numbers up.",
  config: z.looseObject({}),
  build() {
    const { files } = npmPackage({
      package: "toy-numbers",
      version: "1.0.0",
      license: "CC0-1.0",
      include: ["data/*.json"],
      digest: "${digest}",
    });
    const { file } = localFile({
      name: "extra",
      url: new URL("./extra.json", import.meta.url),
      kind: json<number[]>(),
    });
    const { file: more } = download({
      name: "more",
      url: "https://example.org/more.json",
      sha256: "${sha256(more)}",
      kind: json<number[]>(),
      license: "CC-BY-4.0",
    });
    const { total } = sum({ inputs: { files, extra: file, more }, params: {} });
    return judge({ inputs: { sum: total }, params: {} });
  },
});
`,
  "stages/toy/stages.ts": toyFiles["stages/toy/stages.ts"]
    .replace("import { json, many, stage }", "import { json, many, stage, tree }") + `
export const sum = stage({
  name: "sum",
  describe: "Adds the numbers of the package and of the file",
  implementation: new URL("./sum_run.ts", import.meta.url),
  inputs: { files: tree("npm-package"), extra: json<number[]>(), more: json<number[]>() },
  params: z.object({}),
  outputs: { total: json<number>() },
});
`,
  "stages/toy/sum_run.ts": `/** Adds. */
import type { Run } from "../../pipeline/types.ts";
import type { sum } from "./stages.ts";

export const run: Run<typeof sum> = async ({ inputs, outputs }) => {
  const bytes = await inputs.files.bytes("data/numbers.json");
  const all = [
    ...JSON.parse(new TextDecoder().decode(bytes)),
    ...await inputs.extra.read(),
    ...await inputs.more.read(),
  ];
  await outputs.total.write(all.reduce((a: number, b: number) => a + b, 0));
};
`,
  "stages/toy/extra.json": extra,
  "packages/toy-numbers@1.0.0/data/numbers.json": numbers,
  "packages/toy-numbers@1.0.0/readme.md": "not included",
  [`packages/${sha256(more)}`]: more,
};

const fetched = ["download[more]", "npm_package[toy-numbers]"];

async function made(rig: Rig, ...options: string[]): Promise<string> {
  const ran = await rig.cli("reproduce", "toy", "--packages", "packages", "--json");
  assert.equal(ran.code, 0, ran.out + ran.err);
  const ended = await rig.cli("bundle", "toy", "-o", "toy.tar", ...options);
  assert.equal(ended.code, 0, ended.err);
  return `${rig.dir}/toy.tar`;
}

Deno.test("data are in the bundle: it verifies and runs again without them elsewhere", async () => {
  await using rig = await Rig.create(files);
  const file = await made(rig);
  await Deno.remove(`${rig.dir}/stages`, { recursive: true });
  await Deno.remove(`${rig.dir}/packages`, { recursive: true });
  const ended = await rig.cli("bundle", "verify", file, "--rerun", "--offline", "--json");
  assert.equal(ended.code, 0, ended.out + ended.err);
  const { nodes } = JSON.parse(ended.out).rerun;
  assert.deepEqual(nodes.map((n: { id: string; status: string }) => [n.id, n.status]).sort(), [
    ["download[more]", "same"],
    ["judge", "same"],
    ["local_file[extra]", "same"],
    ["npm_package[toy-numbers]", "same"],
    ["sum", "same"],
  ]);
});

Deno.test("nothing in a bundle tells where the user's file was", async () => {
  await using rig = await Rig.create(files);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(await made(rig)));
  assert.ok(!text.includes(rig.dir));
  assert.ok(text.includes("local_file[extra]"));
});

Deno.test("imported at another path, everything is a hit", async () => {
  await using rig = await Rig.create(files);
  const file = await made(rig);
  await using elsewhere = await Rig.create(files);
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
  const run = parse(await elsewhere.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run).ran, undefined);
  assert.equal(byStatus(run).cached.length, 5);
});

Deno.test("without data: by digest and URL, and the rest still holds", async () => {
  await using rig = await Rig.create(files);
  const file = await made(rig, "--without-data");
  const verified = await rig.cli("bundle", "verify", file, "--json", "--offline");
  assert.equal(verified.code, 0, verified.out);
  const objects = JSON.parse(verified.out).checks.find((c: { name: string }) =>
    c.name === "objects"
  );
  assert.match(objects.what, /2 outside by digest/);
  const listed = new TextDecoder("latin1").decode(await Deno.readFile(file));
  assert.match(listed, /https:\/\/unpkg\.com\/toy-numbers@1\.0\.0\/data\/numbers\.json 8 data\//);
  assert.match(listed, /https:\/\/example\.org\/more\.json 6 data\//);
  const rerun = await rig.cli("bundle", "verify", file, "--rerun", "--offline");
  assert.equal(rerun.code, 1);
  assert.match(
    rerun.out,
    /^NOT DONE rerun +data are outside the bundle \(fetch\.txt\)\n +npm_package\[toy-numbers\]\n/m,
  );
  assert.match(rerun.out, /^What was checked holds; something was not checked\.$/m);

  await using elsewhere = await Rig.create(files);
  const imported = await elsewhere.cli("bundle", "import", file, "--json");
  assert.deepEqual(JSON.parse(imported.out).left.sort(), fetched);
  const run = parse(
    await elsewhere.cli("reproduce", "toy", "--packages", "packages", "--json"),
  );
  assert.deepEqual(byStatus(run).ran.sort(), fetched);
});

/** The toy paper, with one node for each item of a list that a stage makes. */
const fanOut: Readonly<Record<string, string>> = {
  ...files,
  "stages/toy/pipeline.ts": `/** The toy paper on the items of a list. */
import { z } from "zod";
import { each, pipeline } from "../../pipeline/mod.ts";
import { judge, measure, split, total } from "./stages.ts";

export default pipeline({
  name: "toy",
  title: "Toy",
  citation: "Nobody 2026",
  summary: "Adds lengths up.",
  config: z.looseObject({}),
  build() {
    const { words } = split({ inputs: {}, params: {} });
    const scaled = each(words, (word, name) =>
      measure({ id: name, inputs: { word }, params: {} }).values);
    const { sum } = total({ inputs: { scaled }, params: {} });
    return judge({ inputs: { sum }, params: {} });
  },
});
`,
  "stages/toy/stages.ts": toyFiles["stages/toy/stages.ts"]
    .replace("import { json, many, stage }", "import { json, list, many, stage }") + `
export const split = stage({
  name: "split",
  describe: "Makes words",
  implementation: new URL("./split_run.ts", import.meta.url),
  inputs: {},
  params: z.object({}),
  outputs: { words: list(json<string>()) },
});
export const measure = stage({
  name: "measure",
  describe: "Measures a word",
  implementation: new URL("./measure_run.ts", import.meta.url),
  inputs: { word: json<string>() },
  params: z.object({}),
  outputs: { values: json<number[]>() },
});
`,
  "stages/toy/split_run.ts": `/** Splits. */
import type { Run } from "../../pipeline/types.ts";
import type { split } from "./stages.ts";

export const run: Run<typeof split> = async ({ outputs }) => {
  for (const word of ["a", "bb", "ccc"]) await outputs.words.add(word, word);
};
`,
  "stages/toy/measure_run.ts": `/** Measures. */
import type { Run } from "../../pipeline/types.ts";
import type { measure } from "./stages.ts";

export const run: Run<typeof measure> = async ({ inputs, outputs }) => {
  await outputs.values.write([(await inputs.word.read()).length]);
};
`,
};

Deno.test("the nodes of a fan-out are bundled, verified, run again and imported", async () => {
  await using rig = await Rig.create(fanOut);
  const file = await made(rig);
  const ended = await rig.cli("bundle", "verify", file, "--rerun", "--offline", "--json");
  assert.equal(ended.code, 0, ended.out + ended.err);
  const nodes: { id: string; status: string }[] = JSON.parse(ended.out).rerun.nodes;
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ["split", "measure[a]", "measure[bb]", "measure[ccc]", "total", "judge"],
  );
  assert.ok(nodes.every(({ status }) => status === "same"));
  await using elsewhere = await Rig.create(fanOut);
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
  const run = parse(await elsewhere.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run).ran, undefined);
  assert.equal(byStatus(run).cached.length, 6);
});
