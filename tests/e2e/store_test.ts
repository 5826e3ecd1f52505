/** `deno task fsck` and `deno task gc` as users type them. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

/** Paths of all objects. */
function objectsOf(rig: Rig): string[] {
  const root = `${rig.dir}/artifacts/store/objects/sha256`;
  return [...Deno.readDirSync(root)].flatMap(({ name: folder }) =>
    [...Deno.readDirSync(`${root}/${folder}`)].map(({ name }) => `${root}/${folder}/${name}`)
  ).sort();
}

Deno.test("fsck tells damage, mends it when asked, and the next run makes again what is missing", async () => {
  await using rig = await Rig.create();
  const nothing = await rig.cli("fsck");
  assert.deepEqual([nothing.code, nothing.out], [2, ""]);
  assert.match(nothing.err, /there is no store here\n.*--store/);

  assert.equal((await rig.cli("reproduce", "toy")).code, 0);
  const sound = await rig.cli("fsck");
  assert.equal(sound.code, 0);
  assert.match(sound.out, /^Checked \d+ objects, \d+ records, .*every byte\)\.\nNo damage\.\n/);

  const [path] = objectsOf(rig);
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, "x".repeat(Deno.statSync(path).size));
  Deno.chmodSync(path, 0o444);
  assert.equal((await rig.cli("fsck", "--quick")).code, 0);
  const damaged = await rig.cli("fsck");
  assert.equal(damaged.code, 1);
  assert.ok(damaged.out.includes(`${path.slice(rig.dir.length + 1)}: its content is not`));
  const json = await rig.cli("fsck", "--json");
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.out).ok, false);

  assert.equal((await rig.cli("fsck", "--repair")).code, 0);
  assert.equal((await rig.cli("reproduce", "toy")).code, 0);
  assert.equal((await rig.cli("fsck")).code, 0);
});

Deno.test("gc lists, removes what nothing names, and leaves what the last run made", async () => {
  await using rig = await Rig.create();
  await rig.cli("reproduce", "toy");
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  await rig.cli("reproduce", "toy");
  const before = objectsOf(rig);
  const young = JSON.parse((await rig.cli("gc", "--json")).out);
  assert.deepEqual(young.removed, {});

  const greedy = ["gc", "--older-than", "0m", "--keep-runs", "1"];
  const dry = await rig.cli(...greedy, "--dry-run");
  assert.match(dry.out, /Would remove \d+ records/);
  assert.deepEqual(objectsOf(rig), before);
  assert.match((await rig.cli(...greedy)).out, /Removed \d+ records.*\nRemoved \d+ objects/);
  assert.ok(objectsOf(rig).length < before.length);

  const again = JSON.parse((await rig.cli("reproduce", "toy", "--json")).out);
  assert.ok(again.stages.every(({ status }: { status: string }) => status === "cached"));
  assert.equal((await rig.cli("fsck")).code, 0);
  const wrong = await rig.cli("gc", "--older-than", "soon");
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
});
