/** The lock file through the real command line: written, compared, checked. */

import assert from "node:assert/strict";
import { parse as parseYaml } from "@std/yaml";
import { parse } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

const file = "artifacts/toy.lock.yaml";

// deno-lint-ignore no-explicit-any
const yaml = (text: string): any => parseYaml(text);

Deno.test("--update-lock keeps a result without running again, and runs say how they compare", async () => {
  await using rig = await Rig.create();
  const first = await rig.cli("reproduce", "toy");
  assert.doesNotMatch(first.out, /committed/);
  const saving = await rig.cli("reproduce", "toy", "--update-lock");
  assert.match(saving.out, /nothing to run, 6 nodes cached/);
  assert.match(saving.out, /^Saved: artifacts\/toy\.lock\.yaml$/m);
  const { small } = yaml(await rig.read(file)).presets;
  const kept = { verdict: "reproduced", effect: 120, interval: [0, 240], p: 0.01, n: 1 };
  // No stage computes tensors: everything is the same on every machine.
  assert.deepEqual(Object.keys(small.everywhere), ["judge", "numbers", "scale", "total"]);
  assert.deepEqual(Object.keys(small.providers), ["any"]);
  const { any } = small.providers;
  assert.deepEqual(any.verdicts, { "sum-is-positive": kept });
  assert.deepEqual(any.environment, { deno: Deno.version.deno });
  assert.deepEqual(any.bytes, {});

  const again = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(again.committed, { same: "bytes", differs: [] });
  assert.equal(again.frozen, undefined);
  const judged = again.stages.find((s) => s.id === "judge")!.outputs;
  assert.deepEqual(any.artifacts, { report: judged.report, verdicts: judged.verdicts });

  // The other preset joins the file; the one that is there stays as it is.
  await rig.cli("reproduce", "toy", "--preset", "smoke", "--update-lock");
  const both = await rig.read(file);
  assert.deepEqual(yaml(both).presets.small, small);
  const unchanged = await rig.cli("reproduce", "toy", "--update-lock");
  assert.match(unchanged.out, /^Unchanged: /m);
  assert.equal(await rig.read(file), both);
  const format = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--check", file],
    cwd: rig.dir,
  }).output();
  assert.ok(format.success, new TextDecoder().decode(format.stderr));

  const frozen = await rig.cli("reproduce", "toy", "--frozen");
  assert.equal(frozen.code, 0, frozen.err);
  assert.match(
    frozen.out,
    /^As artifacts\/toy\.lock\.yaml expects: 1 verdict, 5 numbers, bytes of 4 stages$/m,
  );
  const compared = await rig.cli("compare", "last", "committed");
  assert.match(compared.out, /^As artifacts\/toy\.lock\.yaml expects: /m);

  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  const other = await rig.cli("reproduce", "toy");
  assert.match(
    other.out,
    /^Same verdicts as the committed result; first different stage: scale \(the same environment\)$/m,
  );
  await rig.edit("stages/toy/config.yaml", "factor: 3", "factor: -3");
  const negative = await rig.cli("reproduce", "toy");
  assert.match(negative.out, /: sum-is-positive reproduced → not reproduced\nFirst .*: scale /);
  const json = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(json.committed, { same: "none", differs: ["sum-is-positive"] });

  const failing = await rig.cli("reproduce", "toy", "--frozen");
  assert.equal(failing.code, 1);
  assert.match(failing.out, /^ {2}sum-is-positive: expected "reproduced", got "not reproduced"$/m);
  assert.match(
    failing.out,
    /^ {2}sum-is-positive\.effect: expected 120, got -\d+; tolerance 5 %$/m,
  );
  assert.match(failing.out, /^ {2}bytes of scale: expected [0-9a-f]{12}, got [0-9a-f]{12}$/m);
  const detail = await rig.cli("reproduce", "toy", "--frozen", "--json");
  assert.equal(detail.code, 1);
  const { frozen: checked } = parse(detail);
  assert.equal(checked!.ok, false);
  assert.deepEqual(checked!.differences[0], {
    what: "verdict",
    name: "sum-is-positive",
    expected: "reproduced",
    actual: "not reproduced",
  });
  const beside = JSON.parse((await rig.cli("compare", "committed", "last", "--json")).out);
  assert.deepEqual(beside.check, checked);
});

Deno.test("without a lock file, or with one that cannot be read, --frozen does not even start", async () => {
  await using rig = await Rig.create();
  const none = await rig.cli("reproduce", "toy", "--frozen");
  assert.equal(none.code, 2);
  assert.match(none.err, /artifacts\/toy\.lock\.yaml: there is no lock file/);
  assert.match(none.err, /deno task reproduce toy --preset small --update-lock/);
  await rig.cli("reproduce", "toy", "--preset", "smoke", "--update-lock");
  const other = await rig.cli("reproduce", "toy", "--frozen");
  assert.equal(other.code, 2);
  assert.match(other.err, /it has no entry for the preset small/);

  await rig.write(file, "<<<<<<< HEAD\nversion: 1\n");
  for (const option of ["--frozen", "--update-lock"]) {
    const ended = await rig.cli("reproduce", "toy", option);
    assert.equal(ended.code, 2);
    assert.match(ended.err, /artifacts\/toy\.lock\.yaml:\d+:\d+: not valid YAML/);
    assert.equal(await rig.read(file), "<<<<<<< HEAD\nversion: 1\n");
  }
  const ended = await rig.cli("reproduce", "toy", "--quiet", "--json");
  assert.equal(ended.code, 0, ended.err);
  assert.equal(parse(ended).committed, null);
  assert.match(
    ended.err,
    /^warning: artifacts\/toy\.lock\.yaml:\d+:\d+: .* Nothing is compared\.$/m,
  );
  assert.equal(ended.err.trim().split("\n").length, 1, ended.err);
});

Deno.test("options about the lock file that contradict others are refused", async () => {
  await using rig = await Rig.create();
  for (
    const [options, said] of [
      [["--update-lock", "--dry-run"], /--update-lock needs a run/],
      [["--frozen", "--only", "judge"], /--frozen is for a whole result/],
      [["--frozen", "--update-lock"], /Drop either/],
    ] as const
  ) {
    const ended = await rig.cli("reproduce", "toy", ...options);
    assert.equal(ended.code, 2);
    assert.match(ended.err, said);
  }
});
