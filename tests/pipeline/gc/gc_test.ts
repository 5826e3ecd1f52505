/** gc: what is wanted stays, what nobody wants goes, whoever is at work is not disturbed. */

import assert from "node:assert/strict";
import { gc, type GcOptions } from "../../../pipeline/gc/gc.ts";
import { besideGc } from "../../../pipeline/gc/gate.ts";
import { InUse, usersOf } from "../../../pipeline/gc/in_use.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import { type NewRun, rememberRun } from "../../../pipeline/history/past_run.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { OutputEntry, StageRecord } from "../../../pipeline/types.ts";

/** Keeps nothing for its age. */
const GREEDY: GcOptions = { lockFiles: [], keepRuns: 1, dryRun: false, olderThanMs: -3_600_000 };

class Place {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "gc-" }));
  open = () => Store.open(`${this.path}/store`);

  /** A record with one file of its own. */
  async record(store: Store, name: string): Promise<StageRecord> {
    const digest = await store.putBytes(new TextEncoder().encode(name));
    return await this.recordOf(store, name, {
      digest,
      bytes: name.length,
      form: "file",
      media: "m",
    });
  }

  async recordOf(store: Store, name: string, out: OutputEntry): Promise<StageRecord> {
    const code = { digest: sha256(`code of ${name}`), files: {}, packages: {} };
    const record: StageRecord = {
      version: 1,
      key: sha256(name),
      node: name,
      stage: name,
      components: { code, params: {}, inputs: {}, environment: {}, outputs: {} },
      outputs: { out },
      seconds: 1,
      finished: "2026-01-01T00:00:00Z",
      log: null,
    };
    await store.putRecord(record);
    return record;
  }

  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("gc() keeps what last keys, runs, lock files and pins name, and removes the rest", async () => {
  using place = new Place();
  const store = await place.open();
  const names = ["last", "old", "run", "old run", "lock", "pin"];
  const records = new Map<string, StageRecord>();
  for (const name of names) records.set(name, await place.record(store, name));
  const key = (name: string) => records.get(name)!.key;
  store.rememberLast("p", "small", "node", key("old"));
  store.rememberLast("p", "small", "node", key("last"));
  for (const [began, name] of [["2026-01-01", "old run"], ["2026-01-02", "run"]]) {
    const run = { began, paper: "p", preset: "small" } as NewRun;
    rememberRun(store, run, null, [["node", key(name)]]);
  }
  Deno.writeTextFileSync(`${place.path}/p.lock.yaml`, `node:\n  key: ${key("lock")}\n`);
  const alone = await store.putBytes(new TextEncoder().encode("alone"));
  Deno.mkdirSync(`${store.dir}/pins`);
  Deno.writeTextFileSync(
    `${store.dir}/pins/b.json`,
    JSON.stringify({ records: [key("pin")], objects: [alone] }),
  );
  const rubbish = await store.putBytes(new TextEncoder().encode("rubbish"));

  const options = { ...GREEDY, lockFiles: [`${place.path}/p.lock.yaml`] };
  const dry = gc(store, { ...options, dryRun: true });
  assert.deepEqual(dry.removed, {
    records: { count: 2, bytes: dry.removed.records.bytes },
    objects: { count: 3, bytes: "old".length + "old run".length + "rubbish".length },
    history: { count: 1, bytes: dry.removed.history.bytes },
  });
  assert.ok(names.every((name) => store.hit(key(name)) !== null), "a dry run removes nothing");

  const done = gc(store, options);
  assert.deepEqual(done.removed, dry.removed);
  assert.deepEqual(done.paths.toSorted(), dry.paths.toSorted());
  const left = await place.open();
  assert.deepEqual(names.filter((name) => left.hit(key(name)) !== null), [
    "last",
    "run",
    "lock",
    "pin",
  ]);
  assert.ok(left.has({ digest: alone, bytes: 5, form: "file", media: "" }));
  assert.ok(!left.has({ digest: rubbish, bytes: 7, form: "file", media: "" }));
  assert.deepEqual(gc(store, options).removed, {});
});

Deno.test("gc() keeps the files of a tree, a program and a log for as long as their record", async () => {
  using place = new Place();
  const store = await place.open();
  Deno.mkdirSync(`${place.path}/tree/sub`, { recursive: true });
  Deno.writeTextFileSync(`${place.path}/tree/sub/a`, "in the tree");
  const stored = await store.putTree(`${place.path}/tree`);
  const record = await place.recordOf(store, "tree", { ...stored, form: "tree", media: "m" });
  const program = await store.putBytes(new TextEncoder().encode("code of tree"));
  assert.equal(program, record.components.code.digest);
  const log = await store.putBytes(new TextEncoder().encode("log"));
  await store.putRecord({ ...record, log });
  store.rememberLast("p", "small", "tree", record.key);
  assert.deepEqual(gc(store, GREEDY).removed, {});
  Deno.removeSync(`${store.dir}/last`, { recursive: true });
  assert.deepEqual(gc(store, GREEDY).removed.objects.count, 4);
});

Deno.test("gc() keeps what is young, and what is younger than the oldest process at work", async () => {
  using place = new Place();
  const store = await place.open();
  const past = new Date(Date.now() - 3_600_000);
  const { key } = await place.record(store, "old");
  // Young by the clock.
  assert.deepEqual(gc(store, { ...GREEDY, olderThanMs: undefined }).removed, {});
  {
    using _mark = InUse.open(store);
    const [{ name }] = [...Deno.readDirSync(`${store.dir}/users`)].filter((e) =>
      !e.name.endsWith(".keys")
    );
    Deno.utimeSync(`${store.dir}/users/${name}`, past, past);
    assert.deepEqual(gc(store, GREEDY).removed, {});
  }
  assert.equal(gc(store, GREEDY).removed.records.count, 1);
  assert.equal(store.getRecord(key), null);
});

Deno.test("gc() leaves what a process at work counts on until it ends, however it ends", async () => {
  using place = new Place();
  const store = await place.open();
  const { key } = await place.record(store, "found again");
  const mark = InUse.open(store)!;
  assert.equal(mark.pin([key]), true);
  assert.equal(mark.pin([key]), false);
  // As after hours: nothing is younger than the process.
  const future = new Date(Date.now() + 3_600_000);
  for (const { name } of Deno.readDirSync(`${store.dir}/users`)) {
    Deno.utimeSync(`${store.dir}/users/${name}`, future, future);
  }
  const far = { ...GREEDY, olderThanMs: -7_200_000 };
  assert.deepEqual(gc(store, far).removed, {});
  mark[Symbol.dispose]();
  assert.equal(usersOf(store.dir).count, 0);
  assert.equal(gc(store, far).removed.records.count, 1);
  // A mark that a killed process left.
  Deno.writeTextFileSync(`${store.dir}/users/dead`, "");
  Deno.writeTextFileSync(`${store.dir}/users/dead.keys`, key);
  gc(store, far);
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/users`)], []);
});

Deno.test("gc() removes nothing while somebody names what it counts on", async () => {
  using place = new Place();
  const store = await place.open();
  await place.record(store, "x");
  // Within the gate the turn of `gc` cannot begin; it gives up after its patience.
  const report = besideGc(
    systemHost,
    store.dir,
    () => gc(store, { ...GREEDY, patienceMs: 5 }),
  );
  assert.deepEqual(report.removed, {});
  assert.equal(gc(store, GREEDY).removed.records.count, 1);
});

Deno.test("putting content again makes it young, so that gc() leaves it until its record comes", async () => {
  using place = new Place();
  const store = await place.open();
  const bytes = new TextEncoder().encode("again");
  const digest = await store.putBytes(bytes);
  const path = store.objectPath(digest);
  const before = Deno.statSync(path);
  // Hours later by the clock of the store's host.
  const later = await Store.open(store.dir, {
    ...systemHost,
    now: () => new Date(Date.now() + 7_200_000),
  });
  await later.putBytes(bytes);
  const touched: string[] = [];
  const watching = await Store.open(store.dir, {
    ...later.host,
    files: {
      ...systemHost.files,
      setMode(path, mode) {
        touched.push(path);
        systemHost.files.setMode(path, mode);
      },
    },
  });
  await watching.putBytes(bytes);
  touched.length = 0;
  await watching.putBytes(bytes);
  assert.deepEqual(touched, [path]);
  assert.equal(Deno.statSync(path).mode, before.mode);
});

Deno.test("gc() prunes programs that no checkout's index names, old logs and quarantine", async () => {
  using place = new Place();
  const store = await place.open();
  const [used, unused] = [sha256("used"), sha256("unused")];
  const cache = `${store.dir}/cache/bundles`;
  Deno.mkdirSync(cache, { recursive: true });
  Deno.mkdirSync(`${store.dir}/quarantine`);
  for (const digest of [used, unused]) {
    Deno.writeTextFileSync(`${cache}/${digest}.js`, "");
    Deno.writeTextFileSync(`${cache}/${digest}.js.map`, "");
  }
  Deno.writeTextFileSync(`${cache}/index-0123456789abcdef.json`, JSON.stringify({ used }));
  Deno.writeTextFileSync(`${store.dir}/logs/failed.log`, "");
  Deno.writeTextFileSync(`${store.dir}/quarantine/x`, "");
  Deno.writeTextFileSync(`${store.dir}/leases/${used}`, "");
  const { paths } = gc(store, GREEDY);
  assert.deepEqual(
    paths.toSorted(),
    [
      `cache/bundles/${unused}.js`,
      `cache/bundles/${unused}.js.map`,
      `leases/${used}`,
      "logs/failed.log",
      "quarantine/x",
    ].sort(),
  );
});
