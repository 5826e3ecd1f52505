/** `reproduce --save` and how later runs compare with what it kept, through the real command line. */

import assert from "node:assert/strict";
import { parse } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

const file = "artifacts/toy.lock.json";

Deno.test("--save keeps a result without running again, and runs say how they compare", async () => {
  await using rig = await Rig.create();
  const first = await rig.cli("reproduce", "toy");
  assert.doesNotMatch(first.out, /committed/);
  const saving = await rig.cli("reproduce", "toy", "--save");
  assert.match(saving.out, /nothing to run, 6 nodes cached/);
  assert.match(saving.out, /^Saved: artifacts\/toy\.lock\.json$/m);
  const { small } = JSON.parse(await rig.read(file)).presets;
  const kept = { verdict: "reproduced", effect: 120, interval: [0, 240], p: 0.01, n: 1 };
  assert.deepEqual(small.verdicts, { "sum-is-positive": kept });
  assert.deepEqual(small.environment, { deno: Deno.version.deno });
  assert.deepEqual(Object.keys(small.stages), ["judge", "numbers", "scale", "total"]);

  const again = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(again.committed, { same: "bytes", differs: [] });
  const judged = again.stages.find((s) => s.id === "judge")!.outputs;
  assert.deepEqual(small.artifacts, { report: judged.report, verdicts: judged.verdicts });

  // The other preset joins the file; the one that is there stays as it is.
  await rig.cli("reproduce", "toy", "--preset", "smoke", "--save");
  const both = await rig.read(file);
  assert.deepEqual(JSON.parse(both).presets.small, small);
  await rig.cli("reproduce", "toy", "--save");
  assert.equal(await rig.read(file), both);
  const format = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--check", file],
    cwd: rig.dir,
  }).output();
  assert.ok(format.success, new TextDecoder().decode(format.stderr));

  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  const other = await rig.cli("reproduce", "toy");
  assert.match(
    other.out,
    /^Same verdicts as the committed result; first different stage: scale \(cpu, as committed\)$/m,
  );
  await rig.edit("stages/toy/config.yaml", "factor: 3", "factor: -3");
  const negative = await rig.cli("reproduce", "toy");
  assert.match(negative.out, /: sum-is-positive reproduced → not reproduced\nFirst .*: scale /);
  const json = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(json.committed, { same: "none", differs: ["sum-is-positive"] });
});

Deno.test("a file that cannot be read is one warning and stays as it is", async () => {
  await using rig = await Rig.create();
  await rig.write(file, "<<<<<<< HEAD\n{}\n");
  const ended = await rig.cli("reproduce", "toy", "--quiet", "--save", "--json");
  assert.equal(ended.code, 0, ended.err);
  assert.equal(parse(ended).committed, null);
  assert.match(
    ended.err,
    /^warning: artifacts\/toy\.lock\.json does not hold .* nothing is saved\.$/m,
  );
  assert.equal(ended.err.trim().split("\n").length, 1, ended.err);
  assert.equal(await rig.read(file), "<<<<<<< HEAD\n{}\n");
});

Deno.test("--save contradicts --dry-run", async () => {
  await using rig = await Rig.create();
  const ended = await rig.cli("reproduce", "toy", "--save", "--dry-run");
  assert.equal(ended.code, 2);
  assert.match(ended.err, /--save needs a run/);
});
