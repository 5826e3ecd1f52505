/** Trees of thousands of files and large files of the user's: the fast ways give what the slow ones give. */

import assert from "node:assert/strict";
import { observe } from "../../../pipeline/sources/local_source.ts";
import { importSource } from "../../../pipeline/sources/local_import.ts";
import { localFile, localTree } from "../../../pipeline/mod.ts";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { DamagedObject, Store } from "../../../pipeline/store/store.ts";
import { LINK_FROM } from "../../../pipeline/store/store_import.ts";
import { treeDigest } from "../../../pipeline/store/tree_manifest.ts";
import type { Artifact, OutputEntry } from "../../../pipeline/types.ts";
import { faultyHost } from "../faulty_host.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const FILES = 2100;

class Place {
  readonly path = temporaryDirectory("bulk-");
  readonly data = `${this.path}/data`;

  open(host: Host = systemHost): Promise<Store> {
    return Store.open(`${this.path}/store`, host);
  }

  tree(dir = this.data): string {
    for (let i = 0; i < FILES; i++) {
      if (i % 300 === 0) Deno.mkdirSync(`${dir}/${i / 300}`, { recursive: true });
      Deno.writeTextFileSync(`${dir}/${Math.floor(i / 300)}/${i}`, i === 7 ? "" : String(i % 2000));
    }
    return dir;
  }

  async import(store: Store, artifact: Artifact): Promise<OutputEntry> {
    const { node } = artifact;
    if (node.work.type !== "source") throw new TypeError("not local data");
    const cacheDir = `${this.path}/cache`;
    const content = await observe(node.work.source, { root: "/", cacheDir });
    const { signal } = new AbortController();
    const { outputs } = await importSource(store, { node, content, signal });
    return Object.values(outputs)[0];
  }

  /** Objects of their own, which files of a large local tree are not. */
  async put(store: Store): Promise<OutputEntry> {
    return { ...await store.putTree(this.tree()), form: "tree", media: "m" };
  }

  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** The same steps, one by one on the main thread. */
const slowHost = faultyHost(() => {});

Deno.test("thousands of files give the same objects on threads and without", async () => {
  using fast = new Place();
  using slow = new Place();
  const digest = treeDigest(fast.tree());
  slow.tree();
  const entries: OutputEntry[] = [];
  for (const [place, host] of [[fast, systemHost], [slow, slowHost]] as const) {
    const store = await place.open(host);
    const entry = await place.import(store, localTree({ name: "d", path: place.data }).files);
    entries.push(entry);
    assert.ok(store.has(entry));
    assert.deepEqual([...Deno.readDirSync(`${store.dir}/tmp`)], []);
    const again = await place.open(host);
    assert.ok(again.has(entry));
    await again.materialize(entry, `${place.path}/back`);
    assert.equal(treeDigest(`${place.path}/back`), digest);
    assert.equal(Deno.statSync(`${place.path}/back/0/8`).mode! & 0o777, 0o444);
    assert.equal(Deno.statSync(`${place.path}/back/0/7`).size, 0);
  }
  assert.deepEqual(entries[0], entries[1]);
  assert.equal(entries[0].digest, digest);
});

Deno.test("the output of a stage with thousands of files is moved into the store", async () => {
  using place = new Place();
  const digest = treeDigest(place.tree());
  const store = await place.open();
  const [stored] = await store.put([{ path: place.data, form: "tree", move: true }]);
  assert.equal(stored.digest, digest);
  const entry = { ...stored, form: "tree" as const, media: "m" };
  await store.materialize(entry, `${place.path}/back`);
  assert.equal(treeDigest(`${place.path}/back`), digest);
});

Deno.test("one changed file of thousands stores one object and a manifest", async () => {
  using place = new Place();
  const store = await place.open();
  const artifact = localTree({ name: "d", path: place.tree() }).files;
  const before = await place.import(store, artifact);
  const count = () => {
    let n = 0;
    for (const { name } of Deno.readDirSync(`${store.dir}/objects/sha256`)) {
      n += [...Deno.readDirSync(`${store.dir}/objects/sha256/${name}`)].length;
    }
    return n;
  };
  const objects = count();
  Deno.writeTextFileSync(`${place.data}/3/1000`, "other");
  const after = await place.import(await place.open(), artifact);
  assert.notEqual(after.digest, before.digest);
  assert.equal(after.digest, treeDigest(place.data));
  assert.equal(count(), objects + 2);
  assert.ok((await place.open()).has(before) && (await place.open()).has(after));
});

Deno.test("a damaged and a missing file among thousands are found", async () => {
  using place = new Place();
  const entry = await place.put(await place.open());
  const store = await place.open();
  const [first, second] = store.treeFiles(entry.digest).filter(({ bytes }) => bytes > 0);
  const object = store.objectPath(first.digest);
  Deno.chmodSync(object, 0o644);
  Deno.writeTextFileSync(object, "x".repeat(first.bytes));
  assert.ok(store.has(entry));
  await assert.rejects(
    store.materialize(entry, `${place.path}/back`),
    (error: unknown) => error instanceof DamagedObject && error.digest === first.digest,
  );
  assert.ok(!(await place.open()).has(entry), "the damaged one was moved aside");
  Deno.removeSync(store.objectPath(second.digest));
  assert.ok(!(await place.open()).has(entry));
});

Deno.test("a removed object is missed although its tree was whole, also later", async () => {
  using place = new Place();
  const entry = await place.put(await place.open());
  const later = { ...slowHost, now: () => new Date(Date.now() + 3_600_000) };
  assert.ok((await place.open(later)).has(entry));
  const store = await place.open(later);
  assert.ok(store.has(entry), "by the folders alone");
  Deno.removeSync(store.objectPath(store.treeFiles(entry.digest)[5].digest));
  assert.ok(!store.has(entry));
});

Deno.test("a large file is linked and stays as it is; written to in place, it is imported anew", async () => {
  using place = new Place();
  const path = `${place.path}/large.bin`;
  Deno.writeFileSync(path, new Uint8Array(LINK_FROM));
  Deno.chmodSync(path, 0o640);
  const { file } = localFile({ name: "large", path });
  const store = await place.open();
  const entry = await place.import(store, file);
  const { ino, mode } = Deno.statSync(path);
  assert.equal(mode! & 0o777, 0o640);
  assert.equal(Deno.statSync(store.objectPath(entry.digest)).ino, ino);
  await store.materialize(entry, `${place.path}/back`);
  assert.equal(Deno.statSync(`${place.path}/back`).ino, ino, "at once");

  using handle = Deno.openSync(path, { write: true });
  handle.writeSync(new Uint8Array([1]));
  const next = await place.import(await place.open(), file);
  assert.notEqual(next.digest, entry.digest);
  const reader = await place.open();
  await assert.rejects(reader.materialize(entry, `${place.path}/old`), DamagedObject);
  await reader.materialize(next, `${place.path}/new`);
  assert.ok(Deno.statSync(path).isFile, "the user's own name stays");
});

Deno.test("a large file is copied where links are refused, and for a group that may not read it", async () => {
  const refusing = faultyHost((step) => {
    if (step === "link") {
      throw Object.assign(new Error("Operation not permitted (os error 1)"), { code: "EPERM" });
    }
  });
  for (const how of ["refused", "unreadable"]) {
    using place = new Place();
    const path = `${place.path}/large.bin`;
    Deno.writeFileSync(path, new Uint8Array(LINK_FROM));
    Deno.mkdirSync(`${place.path}/store`);
    const mask = Deno.umask();
    try {
      if (how === "unreadable") {
        Deno.chmodSync(path, 0o600);
        Deno.chmodSync(`${place.path}/store`, 0o2775);
      }
      const store = await place.open(how === "refused" ? refusing : systemHost);
      const entry = await place.import(store, localFile({ name: "large", path }).file);
      const { ino, mode } = Deno.statSync(store.objectPath(entry.digest));
      assert.notEqual(ino, Deno.statSync(path).ino);
      assert.equal(mode! & 0o777, 0o444);
    } finally {
      Deno.umask(mask);
    }
  }
});
