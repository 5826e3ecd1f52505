/** Bundles through the real command line: made twice, verified, run again, imported elsewhere, compared. */

import assert from "node:assert/strict";
import { extractBag } from "../../pipeline/archive/bag/mod.ts";
import { byStatus, parse } from "./reproduce_json.ts";
import { type Ended, Rig } from "./rig.ts";

const nodes = ["numbers", "scale[1]", "scale[2]", "scale[3]", "total", "judge"];

async function made(rig: Rig, ...options: string[]): Promise<string> {
  assert.equal((await rig.cli("reproduce", "toy", "--json")).code, 0);
  const file = `${rig.dir}/toy.tar`;
  const ended = await rig.cli("bundle", "toy", "-o", file, ...options);
  assert.equal(ended.code, 0, ended.err);
  return file;
}

/** Status of each check by name. */
function checks(ended: Ended): Record<string, string> {
  const { checks } = JSON.parse(ended.out) as { checks: { name: string; status: string }[] };
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

Deno.test("a bundle is the same bytes when made again, also at another path", async () => {
  await using rig = await Rig.create();
  const first = await Deno.readFile(await made(rig));
  assert.deepEqual(await Deno.readFile(await made(rig)), first);
  await using elsewhere = await Rig.create();
  const file = `${elsewhere.dir}/toy.tar`;
  const store = `${rig.dir}/artifacts/store`;
  const ended = await elsewhere.cli("bundle", "toy", "-o", file, "--store", store);
  assert.equal(ended.code, 0, ended.err);
  assert.deepEqual(await Deno.readFile(file), first);
});

Deno.test("what has not run cannot be bundled, and the message says what to do", async () => {
  await using rig = await Rig.create();
  const ended = await rig.cli("bundle", "toy", "--preset", "smoke", "--provider", "wasm");
  assert.equal(ended.code, 2);
  assert.match(ended.err, /4 of 4 nodes have no result in the store \(numbers, scale\[1\], total/);
  assert.match(ended.err, /deno task reproduce toy --preset smoke --provider wasm/);
});

Deno.test("verify checks everything and runs the verdict again; --rerun runs all of it", async () => {
  await using rig = await Rig.create();
  const file = await made(rig);
  const ended = await rig.cli("bundle", "verify", file, "--rerun", "--offline", "--json");
  assert.equal(ended.code, 0, ended.err);
  assert.deepEqual(checks(ended), {
    "bytes": "ok",
    "records": "ok",
    "keys": "ok",
    "objects": "ok",
    "statement": "ok",
    "ro-crate": "ok",
    "nothing else": "ok",
    "signature": "skipped",
    "report.html": "ok",
    "verdicts": "ok",
  });
  const { rerun } = JSON.parse(ended.out);
  assert.deepEqual(rerun.nodes.map((n: { id: string }) => n.id), nodes);
  assert.ok(rerun.nodes.every((n: { status: string }) => n.status === "same"));
  assert.deepEqual(rerun.verdicts, []);
});

Deno.test("a flipped bit anywhere is found by its name", async () => {
  await using rig = await Rig.create();
  const file = await made(rig);
  const bytes = await Deno.readFile(file);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes[text.indexOf("nobody calls this")] ^= 1;
  await Deno.writeFile(file, bytes);
  const ended = await rig.cli("bundle", "verify", file);
  assert.equal(ended.code, 1);
  assert.match(ended.out, /FAILED +bytes\n.*stages\/toy\/times\.ts/);
});

Deno.test("an imported bundle is a hit for every node, at another path, and pinned", async () => {
  await using rig = await Rig.create();
  const file = await made(rig);
  await using elsewhere = await Rig.create();
  const imported = await elsewhere.cli("bundle", "import", file, "--json");
  assert.equal(imported.code, 0, imported.err);
  const { records, pin } = JSON.parse(imported.out);
  assert.equal(records, 6);
  const pinned = JSON.parse(await Deno.readTextFile(pin));
  assert.equal(pinned.records.length, 6);
  assert.ok(pinned.objects.length >= 6);
  const run = parse(await elsewhere.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run), { cached: nodes });
  // Again: nothing changes.
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
});

Deno.test("the closure of one target is a bundle that imports and hits", async () => {
  await using rig = await Rig.create();
  const pipeline = "stages/toy/pipeline.ts";
  await rig.edit(
    pipeline,
    "return judge({ inputs: { sum }, params: {} });",
    "return { ...judge({ inputs: { sum }, params: {} }), keep: { sum } };",
  );
  const sources = await rig.read(pipeline);
  const file = await made(rig, "--target", "keep.sum");
  const verified = await rig.cli("bundle", "verify", file, "--json");
  assert.equal(verified.code, 0, verified.out);
  assert.equal(checks(verified).verdicts, "skipped");
  await using elsewhere = await Rig.create();
  await elsewhere.write(pipeline, sources);
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
  const run = parse(await elsewhere.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run), { cached: nodes.slice(0, -1), ran: ["judge"] });
});

Deno.test("a bundle up to a node imports and hits; what depends on it runs", async () => {
  await using rig = await Rig.create();
  const file = await made(rig, "--until", "scale[2]");
  assert.equal((await rig.cli("bundle", "verify", file)).code, 0);
  await using elsewhere = await Rig.create();
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
  const run = parse(await elsewhere.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run).cached, ["numbers", "scale[2]"]);
});

Deno.test("a bundle made from an imported one is the same bytes", async () => {
  await using rig = await Rig.create();
  const file = await made(rig);
  await using elsewhere = await Rig.create();
  assert.equal((await elsewhere.cli("bundle", "import", file)).code, 0);
  assert.equal((await elsewhere.cli("bundle", "toy", "-o", "again.tar")).code, 0);
  assert.deepEqual(await Deno.readFile(`${elsewhere.dir}/again.tar`), await Deno.readFile(file));
});

Deno.test("a bundle is a project that verifies and imports itself", async () => {
  await using rig = await Rig.create();
  const file = await made(rig);
  await extractBag(file, `${rig.dir}/unpacked`);
  const sources = Rig.at(`${rig.dir}/unpacked/toy-small/data/sources`);
  assert.equal((await sources.cli("bundle", "verify", file, "--no-recompute")).code, 0);
  assert.equal((await sources.cli("bundle", "import", file)).code, 0);
  // The programs are built anew from the readable sources: a hit says that they are those that ran.
  const run = parse(await sources.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(run), { cached: nodes });
});

Deno.test("diff names what changed and what came of it", async () => {
  await using rig = await Rig.create();
  const before = await made(rig);
  await Deno.rename(before, `${rig.dir}/before.tar`);
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  await rig.edit("stages/toy/config.yaml", "seeds: [1, 2, 3]", "seeds: [1, 2, 4]");
  const after = await made(rig);
  const ended = await rig.cli("bundle", "diff", `${rig.dir}/before.tar`, after, "--json");
  assert.equal(ended.code, 1, ended.err);
  const difference = JSON.parse(ended.out);
  assert.deepEqual([difference.removed, difference.added], [["scale[3]"], ["scale[4]"]]);
  assert.equal(difference.unchanged, 1);
  const scale = difference.nodes.find((n: { id: string }) => n.id === "scale[1]");
  assert.equal(scale.changes[0].text, "params.factor: 2 → 3");
  assert.deepEqual(difference.verdicts[0].fields.effect, { before: 120, after: 170 });
  const same = await rig.cli("bundle", "diff", after, after);
  assert.equal(same.code, 0);
  assert.match(same.out, /The same results; 6 nodes the same/);
});

Deno.test("a bundle in parts verifies with all of them, and names the missing one", async () => {
  await using rig = await Rig.create();
  await made(rig);
  const split = await rig.cli("bundle", "toy", "--split", "600K", "--json");
  const parts: string[] = JSON.parse(split.out).parts.map(({ file }: { file: string }) => file);
  assert.ok(parts.length > 1);
  assert.equal((await rig.cli("bundle", "verify", ...parts, "--no-recompute")).code, 0);
  const ended = await rig.cli("bundle", "verify", parts[0]);
  assert.equal(ended.code, 1);
  assert.match(ended.out, /part 2.* must be given too/);
});

Deno.test("each verb has its own help", async () => {
  await using rig = await Rig.create();
  for (const [verb, option] of [["verify", "--rerun"], ["import", "--store"], ["diff", "--json"]]) {
    const { code, out } = await rig.cli("bundle", verb, "--help");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`Usage: deno task bundle ${verb} `));
    assert.ok(out.includes(option));
  }
});
