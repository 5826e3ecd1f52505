/** Small files of large local trees share packs: killed, damaged or removed at any time, no wrong byte is served. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { fsck } from "../../../pipeline/fsck/fsck.ts";
import { gc } from "../../../pipeline/gc/gc.ts";
import type { Host } from "../../../pipeline/host.ts";
import { localTree } from "../../../pipeline/mod.ts";
import { importSource } from "../../../pipeline/sources/local_import.ts";
import { observe } from "../../../pipeline/sources/local_source.ts";
import { PACKED_BYTES, PACKED_FILES } from "../../../pipeline/store/pack_staging.ts";
import { readIndex } from "../../../pipeline/store/pack_file.ts";
import { DamagedObject, Store } from "../../../pipeline/store/store.ts";
import { treeDigest } from "../../../pipeline/store/tree_manifest.ts";
import type { OutputEntry } from "../../../pipeline/types.ts";
import { faultyHost } from "../faulty_host.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const FILES = PACKED_FILES + 5;
/** Steps one by one on the main thread. */
const slowHost = faultyHost(() => {});

class Place {
  readonly path = temporaryDirectory("packs-");
  readonly data = `${this.path}/data`;
  readonly packs = `${this.path}/store/objects/packs`;

  constructor() {
    for (let i = 0; i < FILES; i++) {
      if (i % 400 === 0) Deno.mkdirSync(`${this.data}/${i / 400}`, { recursive: true });
      Deno.writeTextFileSync(this.file(i), i === 3 ? "" : `file ${i}`);
    }
    Deno.writeFileSync(`${this.data}/large`, new Uint8Array(PACKED_BYTES + 1));
  }

  file = (i: number) => `${this.data}/${Math.floor(i / 400)}/${i}`;
  open = (host: Host = slowHost) => Store.open(`${this.path}/store`, host);

  async import(store: Store): Promise<OutputEntry> {
    const { node } = localTree({ name: "d", path: this.data }).files;
    if (node.work.type !== "source") throw new TypeError("not local data");
    const content = await observe(node.work.source, { root: "/", cacheDir: `${this.path}/cache` });
    const { signal } = new AbortController();
    const { outputs } = await importSource(store, { node, content, signal });
    return Object.values(outputs)[0];
  }

  names(): string[] {
    return [...Deno.readDirSync(this.packs)].map(({ name }) => name);
  }

  /** Changes bytes of the only pack in place. */
  harm(change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void {
    const path = `${this.packs}/${this.names()[0]}`;
    const bytes = change(Deno.readFileSync(path));
    Deno.chmodSync(path, 0o644);
    Deno.writeFileSync(path, bytes);
    Deno.chmodSync(path, 0o444);
  }

  async checkWhole(store: Store, entry: OutputEntry): Promise<void> {
    const out = `${this.path}/out-${crypto.randomUUID()}`;
    await store.materialize(entry, out);
    assert.equal(treeDigest(out), treeDigest(this.data));
    assert.deepEqual((await fsck(store)).damage, []);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("small files are in one read-only pack, read one by one and as a tree", async () => {
  using place = new Place();
  const store = await place.open();
  const entry = await place.import(store);
  assert.equal(entry.digest, treeDigest(place.data));
  const [name, ...others] = place.names();
  assert.deepEqual(others, []);
  const info = Deno.statSync(`${place.packs}/${name}`);
  assert.equal(info.mode! & 0o777, 0o444);
  assert.equal(readIndex(`${place.packs}/${name}`, name)!.length, FILES);
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/tmp`)], []);

  const later = await place.open();
  assert.ok(later.has(entry));
  const digest = sha256("file 8");
  assert.ok(!isThere(later.objectPath(digest)));
  assert.ok(Deno.statSync(later.objectPath(sha256(new Uint8Array(PACKED_BYTES + 1)))).isFile);
  assert.equal(new TextDecoder().decode(await later.readObject(digest)), "file 8");
  assert.equal(await new Response(await later.openObject(digest)).text(), "file 8");
  const file: OutputEntry = { digest, form: "file", media: "text/plain", bytes: 6 };
  assert.ok(later.has(file) && !later.has({ ...file, bytes: 7 }));
  await later.materialize(file, `${place.path}/one`);
  assert.equal(Deno.readTextFileSync(`${place.path}/one`), "file 8");
  assert.equal(Deno.statSync(`${place.path}/one`).mode! & 0o777, 0o444);
  await assert.rejects(later.materialize(file, `${place.path}/one`), Deno.errors.AlreadyExists);
  await later.verifyEntry(entry);
  await place.checkWhole(later, entry);
});

Deno.test("an import that is killed before any of its steps leaves a sound store, and is done again", async () => {
  using place = new Place();
  const steps: string[] = [];
  const counted = await place.open(faultyHost((step) => steps.push(step)));
  await place.import(counted);
  assert.ok(steps.includes("appendBytes") && steps.length > 12, steps.join());
  const packed = place.names();
  let killed = 0;
  for (let at = 1; at <= steps.length; at++) {
    Deno.removeSync(`${place.path}/store`, { recursive: true });
    let step = 0;
    // Nothing works from there on: not even clearing away, as after a kill.
    const dying = faultyHost(() => {
      if (++step >= at) throw Object.assign(new Error("killed"), { code: "EIO" });
    });
    try {
      await place.import(await place.open(dying));
    } catch (error) {
      assert.match(String(error), /killed/);
      killed++;
    }
    const store = await place.open();
    assert.deepEqual((await fsck(store)).damage, [], `step ${at}`);
    const entry = await place.import(store);
    assert.deepEqual(place.names(), packed);
    if (at % 4 === 0) await place.checkWhole(await place.open(), entry);
    else assert.ok(store.has(entry));
  }
  // What comes last is a cache, which an import does without.
  assert.ok(killed > steps.length - 5, `${killed} of ${steps.length}`);
});

Deno.test("a pack is flushed before it gets its name, and has it before the list of the tree", async () => {
  using place = new Place();
  const seen: string[] = [];
  const host = faultyHost((step, path) => {
    if (step === "flush") seen.push("flush");
    if (step === "rename") seen.push(path.includes("/packs/") ? "pack" : "object");
  });
  await place.import(await place.open(host));
  assert.equal(seen[0], "flush");
  assert.equal(seen[1], "pack");
  assert.ok(seen.lastIndexOf("object") > seen.lastIndexOf("flush"));
});

Deno.test("a full disk leaves no part of a pack", async () => {
  using place = new Place();
  let appended = 0;
  const host = faultyHost((step) => {
    if (step !== "appendBytes" || appended++ > 0) return;
    throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  });
  const store = await place.open(host);
  await assert.rejects(place.import(store), /No space left|no space/i);
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/tmp`)], []);
  await place.checkWhole(store, await place.import(store));
});

Deno.test("a flipped bit is never served; the other files of the pack stay, and it is imported anew", async () => {
  using place = new Place();
  const entry = await place.import(await place.open());
  place.harm((bytes) => {
    bytes[1] ^= 4;
    return bytes;
  });
  const store = await place.open();
  const report = await fsck(store);
  assert.equal(report.damage.length, 1);
  assert.match(report.damage[0].what, /^1 of its 1005 objects are damaged$/);
  const out = `${place.path}/out`;
  let damaged = "";
  await assert.rejects(store.materialize(entry, out), (error: unknown) => {
    assert.ok(error instanceof DamagedObject);
    assert.equal(error.part, entry.digest);
    damaged = error.digest;
    return true;
  });
  assert.ok(!isThere(out), "nothing of it is left where it was asked for");
  const later = await place.open();
  assert.ok(!later.has(entry));
  for (const { digest, bytes } of later.treeFiles(entry.digest)) {
    const file: OutputEntry = { digest, bytes, form: "file", media: "" };
    assert.equal(later.has(file), digest !== damaged);
  }
  await assert.rejects(later.readObject(damaged), DamagedObject);
  assert.equal([...Deno.readDirSync(`${later.dir}/quarantine`)].length, 1);
  await place.import(later);
  await place.checkWhole(later, entry);
});

Deno.test("each way of reading notices damage", async () => {
  using place = new Place();
  const entry = await place.import(await place.open());
  const [first] = readIndex(`${place.packs}/${place.names()[0]}`, place.names()[0])!.members();
  const ways: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
    read: (store) => store.readObject(first.digest),
    open: (store) => store.openObject(first.digest),
    verify: (store) => store.verify(first.digest),
    "verify the tree": (store) => store.verifyEntry(entry),
    "put it somewhere": (store) =>
      store.materialize({ ...entry, form: "file", ...first }, `${place.path}/x`),
  };
  for (const [way, step] of Object.entries(ways)) {
    Deno.removeSync(`${place.path}/store`, { recursive: true });
    await place.import(await place.open());
    place.harm((bytes) => {
      bytes[0] ^= 1;
      return bytes;
    });
    await assert.rejects(step(await place.open()), DamagedObject, way);
  }
});

Deno.test("a pack that is cut short, or whose list is damaged, counts as absent and is made again", async () => {
  using place = new Place();
  const entry = await place.import(await place.open());
  const harms: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
    () => new Uint8Array(),
    (bytes) => bytes.slice(0, bytes.length >> 1),
    (bytes) => bytes.slice(0, bytes.length - 1),
    (bytes) => bytes.slice(1),
    ...[1, 6, 12, 20, 60].map((fromEnd) => (bytes: Uint8Array<ArrayBuffer>) => {
      bytes[bytes.length - fromEnd] ^= 1;
      return bytes;
    }),
  ];
  for (const [i, harm] of harms.entries()) {
    place.harm(harm);
    const later = await place.open(faultyHost(() => {}));
    await assert.rejects(later.verify(sha256("file 5")), DamagedObject, `case ${i}`);
    const { damage } = await fsck(later);
    assert.equal(damage.length, 1, `case ${i}`);
    if (i % 2 === 0) await fsck(later, { repair: true });
    await place.import(await place.open());
    await place.checkWhole(await place.open(), entry);
  }
});

Deno.test("fsck --repair keeps the sound objects of a damaged pack", async () => {
  using place = new Place();
  await place.import(await place.open());
  place.harm((bytes) => {
    bytes[40] ^= 1;
    return bytes;
  });
  const store = await place.open();
  assert.equal((await fsck(store, { repair: true })).damage[0].mended !== null, true);
  assert.deepEqual((await fsck(store)).damage, []);
  const [name] = place.names();
  assert.equal(readIndex(`${place.packs}/${name}`, name)!.length, FILES - 1);
});

Deno.test("two processes that import the same tree at once make the same pack", async () => {
  using place = new Place();
  const stores = await Promise.all([place.open(), place.open()]);
  const [entry] = await Promise.all(stores.map((store) => place.import(store)));
  assert.equal(place.names().length, 1);
  await place.checkWhole(stores[0], entry);
});

Deno.test("one changed file is an object of its own beside the pack", async () => {
  using place = new Place();
  const before = await place.import(await place.open());
  const packs = place.names();
  Deno.writeTextFileSync(place.file(7), "changed");
  const store = await place.open();
  const after = await place.import(store);
  assert.deepEqual(place.names(), packs);
  assert.ok(Deno.statSync(store.objectPath(sha256("changed"))).isFile);
  assert.ok(store.has(before) && store.has(after));
  await place.checkWhole(await place.open(), after);
});

Deno.test("gc removes a pack when nothing in it is wanted, and not before", async () => {
  using place = new Place();
  const entry = await place.import(await place.open());
  const later: Host = { ...slowHost, now: () => new Date(Date.now() + 3_600_000) };
  const store = await place.open(later);
  const [member] = store.treeFiles(entry.digest).filter(({ bytes }) => bytes > 0);
  const pin = (objects: string[]) => {
    Deno.mkdirSync(`${store.dir}/pins`, { recursive: true });
    Deno.writeTextFileSync(
      `${store.dir}/pins/p.json`,
      JSON.stringify({ records: [], objects }),
    );
  };
  const collect = (dryRun: boolean) => gc(store, { dryRun, lockFiles: [], keepRuns: 1 });
  pin([entry.digest]);
  collect(false);
  assert.ok(store.has(entry));
  pin([member.digest]);
  collect(false);
  assert.ok(!store.has(entry), "its list is gone");
  await store.verify(member.digest);
  pin([]);
  assert.equal(collect(true).removed.packs.count, 1);
  assert.equal(place.names().length, 1);
  collect(false);
  assert.deepEqual(place.names(), []);
  await assert.rejects(store.verify(member.digest), DamagedObject);
  const again = await place.open();
  await place.checkWhole(again, await place.import(again));
});

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
