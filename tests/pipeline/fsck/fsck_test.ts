/** fsck: finds what is damaged, changes nothing unasked, and mends so that the next run rebuilds. */

import assert from "node:assert/strict";
import { fsck } from "../../../pipeline/fsck/fsck.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { Rig, statuses } from "../run/run_rig.ts";

function objectOf(store: Store, digest: string): string {
  const path = store.objectPath(digest);
  Deno.chmodSync(path, 0o644);
  return path;
}

/** All paths of a store with their sizes and modes. */
function listing(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) => {
    const path = `${dir}/${name}`;
    const { size, mode } = Deno.statSync(path);
    return isDirectory ? listing(path) : [`${path} ${size} ${mode}`];
  }).sort();
}

Deno.test("fsck() finds nothing in a sound store and counts what it looked at", async () => {
  using rig = Rig.create();
  await rig.run();
  const { counts, damage } = await fsck(await Store.open(rig.storeDir));
  assert.deepEqual(damage, []);
  assert.equal(counts.records, 4);
  assert.equal(counts.runs, 1);
  assert.ok(counts.objects > 8 && counts.bytes > 0 && counts.programs === 4);
});

Deno.test("fsck() names each kind of damage, changes nothing, and mends it when asked", async () => {
  using rig = Rig.create();
  const first = await rig.run();
  const store = await Store.open(rig.storeDir);
  const outputs = Object.fromEntries(first.outcomes.map(({ id, outputs }) => [id, outputs]));
  const keys = Object.fromEntries(first.outcomes.map(({ id, key }) => [id, key!]));
  const recordPath = (id: string) =>
    `${store.dir}/records/${keys[id].slice(0, 2)}/${keys[id].slice(2)}.json`;
  const flipped = objectOf(store, outputs.make.numbers);
  Deno.writeTextFileSync(flipped, "X".repeat(Deno.statSync(flipped).size));
  Deno.removeSync(store.objectPath(outputs.side.out));
  Deno.truncateSync(recordPath("tell"), 10);
  Deno.mkdirSync(`${store.dir}/objects/sha256/ff`, { recursive: true });
  Deno.writeTextFileSync(`${store.dir}/objects/sha256/ff/stray`, "");
  Deno.writeTextFileSync(`${store.dir}/runs/torn.json`, "{");
  const [program] = [...Deno.readDirSync(`${store.dir}/cache/bundles`)]
    .filter(({ name }) => name.endsWith(".js"));
  Deno.writeTextFileSync(`${store.dir}/cache/bundles/${program.name}`, "other code");

  const before = listing(store.dir);
  const { damage } = await fsck(await Store.open(store.dir));
  assert.deepEqual(listing(store.dir), before);
  assert.deepEqual(
    damage.map(({ path, what }) => `${path.slice(store.dir.length + 1)}: ${what}`).sort(),
    [
      `${flipped.slice(store.dir.length + 1)}: its content is not what its name says`,
      "objects/sha256/ff/stray: its name is no digest",
      `${recordPath("tell").slice(store.dir.length + 1)}: cannot be read as a record`,
      `${recordPath("side").slice(store.dir.length + 1)}: ` +
      'output "out" is damaged or not in the store',
      `${recordPath("make").slice(store.dir.length + 1)}: ` +
      'output "numbers" is damaged or not in the store',
      "runs/torn.json: is not the record of a run",
      `cache/bundles/${program.name}: its content is not what its name says`,
    ].sort(),
  );

  const mended = await fsck(await Store.open(store.dir), { repair: true });
  assert.ok(mended.damage.every(({ mended }) => mended !== null));
  assert.deepEqual((await fsck(await Store.open(store.dir))).damage, []);
  const again = await rig.run();
  assert.deepEqual(
    again.outcomes.map(({ outputs }) => outputs),
    first.outcomes.map((o) => o.outputs),
  );
  assert.equal(statuses(again).make, "ran");
  assert.deepEqual((await fsck(await Store.open(store.dir))).damage, []);
});

Deno.test("fsck() with `quick` compares sizes only", async () => {
  using rig = Rig.create();
  const { outcomes } = await rig.run();
  const store = await Store.open(rig.storeDir);
  const [{ outputs }] = outcomes;
  const path = objectOf(store, outputs.numbers);
  const bytes = Deno.readFileSync(path);
  Deno.writeFileSync(path, bytes.map((b) => b ^ 1));
  Deno.chmodSync(path, 0o444);
  assert.deepEqual((await fsck(await Store.open(store.dir), { quick: true })).damage, []);
  Deno.truncateSync(objectOf(store, outputs.numbers), 1);
  Deno.chmodSync(path, 0o444);
  const { damage } = await fsck(await Store.open(store.dir), { quick: true });
  assert.deepEqual(damage.map(({ part }) => part), ["record"]);
});

Deno.test("fsck() protects an object that can be written to, and forgets a lost log", async () => {
  using rig = Rig.create();
  const { outcomes } = await rig.run();
  const store = await Store.open(rig.storeDir);
  const { key, outputs } = outcomes[0];
  objectOf(store, outputs.numbers);
  const { log } = store.getRecord(key!)!;
  Deno.removeSync(objectOf(store, log!));
  const { damage } = await fsck(store, { repair: true });
  assert.deepEqual(damage.map(({ mended }) => mended).sort(), [
    "protected",
    "the log is forgotten",
  ]);
  assert.equal(store.hit(key!)?.log, null);
  assert.deepEqual((await fsck(store)).damage, []);
});

Deno.test("fsck() counts what killed processes left without calling it damage", async () => {
  using rig = Rig.create();
  await rig.run();
  const store = await Store.open(rig.storeDir);
  Deno.mkdirSync(`${store.dir}/attempts/dead`);
  Deno.writeTextFileSync(`${store.dir}/tmp/half`, "");
  Deno.writeTextFileSync(`${store.dir}/leases/${"a".repeat(64)}`, "");
  Deno.writeTextFileSync(`${store.dir}/last/rig/small.jsonl`, '["make", "12', { append: true });
  const { damage, remains } = await fsck(store);
  assert.deepEqual(damage, []);
  assert.deepEqual(remains, {
    "abandoned attempts": 1,
    "leases of dead processes": 1,
    "temporary files": 1,
    "torn lines": 1,
  });
});
