/** The command line on bad input: one clear message, no trace, the right exit code. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

/** Runs a command that must be refused and gives back what was said. */
async function refused(rig: Rig, ...args: string[]): Promise<string> {
  const { code, out, err } = await rig.cli(...args);
  assert.equal(code, 2, err);
  assert.equal(out, "");
  assert.match(err, /^error: /);
  // One line may say where; more would be a stack.
  assert.ok((err.match(/^\s+at /gm) ?? []).length <= 1, err);
  assert.doesNotMatch(err, /Uncaught/);
  return err;
}

Deno.test("unknown papers, presets, providers and options are answered with the nearest", async () => {
  await using rig = await Rig.create();
  assert.match(await refused(rig, "reproduce", "tou"), /"tou".*"toy"/);
  assert.match(await refused(rig, "reproduce", "toy", "--preset", "smal"), /"smal".*"small"/);
  assert.match(await refused(rig, "explain", "toy", "--provider", "wsam"), /"wasm"/);
  assert.match(await refused(rig, "reproduce", "toy", "--pre-set", "small"), /--preset/);
  assert.match(await refused(rig, "reproduce"), /--list/);
  assert.match(await refused(rig, "report", "tou"), /"toy"/);
});

Deno.test("bad input with --json is one object with the failure", async () => {
  await using rig = await Rig.create();
  for (
    const [code, ...args] of [
      ["unknown-paper", "reproduce", "tou"],
      ["usage", "reproduce", "toy", "--jobs", "none"],
      ["unknown-preset", "explain", "toy", "--preset", "smal"],
      ["no-report", "report", "toy"],
    ]
  ) {
    const ended = await rig.cli(...args, "--json");
    assert.equal(ended.code, 2);
    assert.equal(ended.err, "");
    const { error } = JSON.parse(ended.out);
    assert.equal(error.code, code);
    assert.equal(typeof error.message, "string");
  }
});

Deno.test("malformed YAML is placed by file, line and column", async () => {
  await using rig = await Rig.create();
  await rig.write("stages/toy/config.yaml", "presets:\n  small:\n    count: [1, 2\n  smoke: {}\n");
  assert.match(await refused(rig, "reproduce", "toy"), /stages\/toy\/config\.yaml:\d+:\d+/);
});

Deno.test("a wrong field is placed and named", async () => {
  await using rig = await Rig.create();
  await rig.edit("stages/toy/config.yaml", "count: 5", "count: five");
  const message = await refused(rig, "reproduce", "toy");
  assert.match(message, /config\.yaml:3:\d+/);
  assert.match(message, /count/);
  await rig.edit("stages/toy/config.yaml", "count: five", "count: 5\n    facto: 3");
  assert.match(await refused(rig, "reproduce", "toy"), /facto.*factor/);
});

Deno.test("a pipeline that does not load is named", async () => {
  await using rig = await Rig.create();
  await rig.edit("stages/toy/pipeline.ts", "./stages.ts", "./stage.ts");
  assert.match(await refused(rig, "reproduce", "toy"), /stages\/toy\/pipeline\.ts/);
});

Deno.test("code that cannot be bundled is named", async () => {
  await using rig = await Rig.create();
  await rig.write("stages/toy/times.ts", "export function times( {");
  assert.match(await refused(rig, "reproduce", "toy"), /stages\/toy\/times\.ts/);
});

Deno.test("an unknown command names the commands", async () => {
  await using rig = await Rig.create();
  const { code, err } = await rig.cli("reprodcue");
  assert.equal(code, 2);
  assert.match(err, /"reprodcue".*"reproduce"/);
});

Deno.test("every command has help, which runs nothing", async () => {
  await using rig = await Rig.create();
  for (const name of ["reproduce", "explain", "report", "clean"]) {
    const { code, out, err } = await rig.cli(name, "--help");
    assert.equal(code, 0);
    assert.equal(err, "");
    assert.match(out, new RegExp(`Usage: deno task ${name}`));
  }
  await assert.rejects(Deno.stat(`${rig.dir}/artifacts`), Deno.errors.NotFound);
});

Deno.test("--list has every paper, also one that does not load", async () => {
  await using rig = await Rig.create();
  await rig.write("stages/broken/pipeline.ts", "export default 1;\n");
  const { code, out } = await rig.cli("reproduce", "--list");
  assert.equal(code, 0);
  assert.match(out, /toy +small, smoke +Toy/);
  assert.match(out, /broken.*stages\/broken\/pipeline\.ts/);
});

Deno.test("explain says which field and which file changed", async () => {
  await using rig = await Rig.create();
  await rig.cli("reproduce", "toy", "--quiet");
  assert.match((await rig.cli("explain", "toy")).out, /Nothing would run: 6 nodes cached/);
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  const params = (await rig.cli("explain", "toy")).out;
  assert.match(params, /scale ×3 +would run/);
  assert.match(params, /factor.*2.*→.*3/);
  assert.match(params, /total +pending/);
  await rig.edit("stages/toy/config.yaml", "factor: 3", "factor: 2");
  await rig.edit("stages/toy/offset.ts", "i + 1", "i + 2");
  const json = JSON.parse((await rig.cli("explain", "toy", "--json")).out);
  const numbers = json.nodes.find((n: { id: string }) => n.id === "numbers");
  assert.equal(numbers.status, "would-run");
  assert.equal(numbers.changes[0].component, "code");
  assert.match(numbers.changes[0].text, /stages\/toy\/offset\.ts/);
});

Deno.test("report makes the page of the last run again; clean removes it, --all the store", async () => {
  await using rig = await Rig.create();
  await rig.cli("reproduce", "toy", "--quiet");
  const path = "artifacts/reports/toy-small.html";
  const page = await rig.read(path);
  await Deno.remove(`${rig.dir}/${path}`);
  const { code, out } = await rig.cli("report", "toy");
  assert.equal(code, 0);
  assert.equal(out.trim(), path);
  assert.equal(await rig.read(path), page);

  const cleaned = await rig.cli("clean");
  assert.match(cleaned.out, /Removed artifacts\/reports \(2 files/);
  const after = await rig.cli("reproduce", "toy");
  assert.match(after.out, /nothing to run/);
  assert.equal((await rig.read(path)).includes("<p>120</p>"), true);

  const all = await rig.cli("clean", "--all");
  assert.match(all.out, /Removed artifacts\/store/);
  await assert.rejects(Deno.stat(`${rig.dir}/artifacts/store`), Deno.errors.NotFound);
  assert.match((await rig.cli("clean")).out, /Nothing to remove/);
});

Deno.test("clean removes nothing that is not a store", async () => {
  await using rig = await Rig.create();
  assert.match(await refused(rig, "clean", "--all", "--store", "stages"), /not a store/);
  assert.ok((await Deno.stat(`${rig.dir}/stages/toy`)).isDirectory);
});

Deno.test("a store that cannot be made is named, a report that cannot be written costs only itself", async () => {
  await using rig = await Rig.create();
  await rig.write("elsewhere", "a file");
  assert.match(
    await refused(rig, "reproduce", "toy", "--store", "elsewhere"),
    /elsewhere: .*store/,
  );
  await rig.write("artifacts/reports", "a file");
  const { code, out, err } = await rig.cli("reproduce", "toy");
  assert.equal(code, 0);
  assert.match(out, /sum-is-positive +reproduced/);
  assert.match(err, /warning: the report is not written/);
});

Deno.test("a cache that cannot be written costs only time", async () => {
  await using rig = await Rig.create();
  await rig.write("artifacts/store/cache", "a file");
  for (const expected of [/6 ran, 0 cached/, /nothing to run/]) {
    const { code, out, err } = await rig.cli("reproduce", "toy");
    assert.equal(code, 0, err);
    assert.match(out, expected);
  }
});

Deno.test("a store that breaks while it is used is named", async () => {
  await using rig = await Rig.create();
  await rig.cli("reproduce", "toy", "--quiet");
  await rig.edit("stages/toy/offset.ts", "i + 1", "i + 2");
  await Deno.remove(`${rig.dir}/artifacts/store/leases`, { recursive: true });
  await rig.write("artifacts/store/leases", "a file");
  const { code, err } = await rig.cli("reproduce", "toy");
  assert.equal(code, 2, err);
  assert.match(err, /artifacts\/store: the store cannot be/);
});

Deno.test("a folder of packages that is not there is named", async () => {
  await using rig = await Rig.create();
  const message = await refused(rig, "reproduce", "toy", "--packages", "copies");
  assert.match(message, /--packages copies is not a folder/);
});

Deno.test("a defect is one line, with the trace in a file", async () => {
  await using rig = await Rig.create();
  const late = "setTimeout(() => oops());\n";
  await rig.write("stages/toy/pipeline.ts", await rig.read("stages/toy/pipeline.ts") + late);
  const { code, out, err } = await rig.cli("explain", "toy");
  assert.equal(code, 1);
  assert.equal(out, "");
  const [message, log, ...rest] = err.trimEnd().split("\n");
  assert.match(message, /^error: ReferenceError: oops is not defined/);
  assert.deepEqual(rest, []);
  const path = log.replace(/^log: /, "");
  assert.match(await Deno.readTextFile(path), /stages\/toy\/pipeline\.ts:\d+/);
  await Deno.remove(path);
});

Deno.test("a package that the engine needs and that cannot be fetched is no defect", async () => {
  await using rig = await Rig.create();
  // Nobody listens there, and packages of each registry are cached apart.
  await rig.write(".npmrc", "registry=http://127.0.0.1:9/\n");
  const { code, err } = await rig.cli("reproduce", "toy");
  assert.equal(code, 1);
  assert.match(
    err,
    /^error: the npm package \S+ is not in Deno's cache, and could not be fetched\n/,
  );
  assert.match(err, /\nConnect to the network.*run deno install\.\n/);
  await Deno.remove(/log: (.*)/.exec(err)![1]);
});

Deno.test("a bundle that cannot be written is named with its file", async () => {
  await using rig = await Rig.create();
  assert.equal((await rig.cli("reproduce", "toy", "-q")).code, 0);
  for (const file of ["missing/toy.tar", ".", "deno.json/toy.tar"]) {
    const message = await refused(rig, "bundle", "toy", "-o", file);
    assert.match(message, /the bundle cannot be written: .*\n.*--out FILE/);
  }
});

Deno.test("options that are given twice, and patterns that are empty, are refused", async () => {
  await using rig = await Rig.create();
  const twice = ["--preset", "small", "--preset", "smoke"];
  assert.match(await refused(rig, "reproduce", "toy", ...twice), /--preset was given more than/);
  assert.match(await refused(rig, "reproduce", "toy", "--only", ","), /--only names no node/);
});

Deno.test("what a paper's modules print stays out of standard output", async () => {
  await using rig = await Rig.create();
  const noise = 'console.log("noise"); console.info("noise"); console.table([1]);\n';
  await rig.write("stages/toy/pipeline.ts", noise + await rig.read("stages/toy/pipeline.ts"));
  const { code, out, err } = await rig.cli("explain", "toy", "--json");
  assert.equal(code, 0, err);
  assert.equal(JSON.parse(out).paper, "toy");
  assert.match(err, /noise/);
});

Deno.test("a promise that a paper's modules leave to itself is one message", async () => {
  await using rig = await Rig.create();
  const late = 'Promise.reject(new Error("late"));\n';
  await rig.write("stages/toy/pipeline.ts", late + await rig.read("stages/toy/pipeline.ts"));
  const { code, out, err } = await rig.cli("explain", "toy", "--json");
  assert.equal(code, 1);
  assert.equal(err, "");
  assert.match(JSON.parse(out).error.message, /late/);
});

Deno.test("standard output on a full disk ends with an error", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using rig = await Rig.create();
  for (const args of ["reproduce --list --json", "reproduce nope --json", "runs"]) {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `"${Deno.execPath()}" run -q -A pipeline/cli/main.ts ${args} > /dev/full`],
      cwd: rig.dir,
    }).output();
    const err = new TextDecoder().decode(stderr);
    assert.notEqual(code, 0, err);
    assert.match(err, /error: /);
  }
});
