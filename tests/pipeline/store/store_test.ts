/** Objects and records: whole or absent, verified before use, shared by processes. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { DamagedObject, Store } from "../../../pipeline/store/store.ts";
import type { OutputEntry, StageRecord } from "../../../pipeline/types.ts";
import { diskFull, faultyHost } from "../faulty_host.ts";

const text = (s: string) => new TextEncoder().encode(s);

class Place {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "store-" }));
  open = () => Store.open(`${this.path}/store`);
  /** A tree with two equal files, a nested one and an empty one. */
  tree(name = "tree"): string {
    const dir = `${this.path}/${name}`;
    Deno.mkdirSync(`${dir}/sub/deep`, { recursive: true });
    Deno.writeTextFileSync(`${dir}/a`, "same");
    Deno.writeTextFileSync(`${dir}/b`, "same");
    Deno.writeTextFileSync(`${dir}/sub/deep/c`, "other");
    Deno.writeTextFileSync(`${dir}/sub/empty`, "");
    return dir;
  }
  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const entryOf = (
  form: "file" | "tree",
  stored: { digest: string; bytes: number },
): OutputEntry => ({ ...stored, form, media: "m" });

function record(key: string, outputs: Record<string, OutputEntry>): StageRecord {
  const code = { digest: key, files: {}, packages: {} };
  const components = { code, params: { lr: 1 }, inputs: {}, environment: {}, outputs: {} };
  const rest = { seconds: 1, finished: "2026-01-01T00:00:00Z", log: null };
  return { version: 1, key, node: "n", stage: "n", components, outputs, ...rest };
}

/** Changes an object in place without changing its size. */
function flip(path: string): void {
  const bytes = Deno.readFileSync(path);
  bytes[0] ^= 1;
  Deno.chmodSync(path, 0o644);
  Deno.writeFileSync(path, bytes);
  Deno.chmodSync(path, 0o444);
}

Deno.test("putBytes() keeps a read-only object under its SHA-256", async () => {
  using place = new Place();
  const store = await place.open();
  const digest = await store.putBytes(text("hello"));
  assert.equal(digest, sha256("hello"));
  assert.equal(store.objectPath(digest), `${store.dir}/objects/sha256/2c/${digest.slice(2)}`);
  assert.equal(Deno.statSync(store.objectPath(digest)).mode! & 0o777, 0o444);
  assert.deepEqual(await store.readObject(digest), text("hello"));
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/tmp`)], []);
});

Deno.test("objectPath() refuses what is not a digest", async () => {
  using place = new Place();
  const store = await place.open();
  for (const bad of ["", "../../x", "A".repeat(64), "a".repeat(63)]) {
    assert.throws(() => store.objectPath(bad), TypeError);
  }
});

Deno.test("putTree() and materialize() give the same files back", async () => {
  using place = new Place();
  const store = await place.open();
  const entry = entryOf("tree", await store.putTree(place.tree()));
  assert.equal(entry.bytes, 13);
  assert.ok(store.has(entry));
  await store.materialize(entry, `${place.path}/out`);
  const again = await store.putTree(`${place.path}/out`);
  assert.equal(again.digest, entry.digest);
  assert.equal(Deno.readTextFileSync(`${place.path}/out/sub/empty`), "");
});

Deno.test("putFile() copies, so that the original can change later", async () => {
  using place = new Place();
  const store = await place.open();
  const path = `${place.path}/f`;
  Deno.writeTextFileSync(path, "before");
  const { digest } = await store.putFile(path);
  Deno.writeTextFileSync(path, "after!");
  assert.deepEqual(await store.readObject(digest), text("before"));
});

Deno.test("put() with move does not take a file that has a second name", async () => {
  using place = new Place();
  const store = await place.open();
  const path = `${place.path}/f`;
  Deno.writeTextFileSync(path, "before");
  Deno.linkSync(path, `${place.path}/g`);
  const [{ digest }] = await store.put([{ path, form: "file", move: true }]);
  Deno.writeTextFileSync(`${place.path}/g`, "after!");
  assert.deepEqual(await store.readObject(digest), text("before"));
});

Deno.test("materialize() copies where links are impossible", async () => {
  using place = new Place();
  const host = faultyHost((step) => {
    if (step === "link") throw new Error("Invalid cross-device link (os error 18)");
  });
  const store = await Store.open(`${place.path}/store`, host);
  const entry = entryOf("tree", await store.putTree(place.tree()));
  await store.materialize(entry, `${place.path}/out`);
  assert.equal(Deno.readTextFileSync(`${place.path}/out/sub/deep/c`), "other");
  assert.equal(Deno.statSync(`${place.path}/out/a`).nlink, 1);
});

Deno.test("has() misses truncated and absent objects, and trees with such members", async () => {
  using place = new Place();
  const store = await place.open();
  const file = entryOf("file", await store.putFile(`${place.tree()}/a`));
  const tree = entryOf("tree", await store.putTree(`${place.path}/tree`));
  const c = store.objectPath(sha256("other"));
  Deno.chmodSync(c, 0o644);
  Deno.truncateSync(c, 2);
  assert.ok(store.has(file));
  assert.ok(!store.has(tree));
  Deno.removeSync(c);
  assert.ok(!store.has(tree));
  Deno.removeSync(store.objectPath(file.digest));
  assert.ok(!store.has(file));
  assert.ok(!store.has({ ...tree, digest: "0".repeat(64) }));
});

Deno.test("materialize() refuses a flipped bit and moves the object aside", async () => {
  using place = new Place();
  const tree = entryOf("tree", await (await place.open()).putTree(place.tree()));
  const store = await place.open();
  const member = store.objectPath(sha256("other"));
  flip(member);
  assert.ok(store.has(tree), "the size is right");
  await assert.rejects(
    store.materialize(tree, `${place.path}/out`),
    (e: unknown) => e instanceof DamagedObject && e.part === tree.digest,
  );
  assert.ok(!store.has(tree));
  const aside = [...Deno.readDirSync(`${store.dir}/quarantine`)].map((e) => e.name);
  assert.ok(aside[0].startsWith(sha256("other")));
});

Deno.test("a flipped bit in a tree's manifest is a miss", async () => {
  using place = new Place();
  const tree = entryOf("tree", await (await place.open()).putTree(place.tree()));
  const store = await place.open();
  flip(store.objectPath(tree.digest));
  assert.ok(!store.has(tree));
});

Deno.test("readObject() refuses an object that is another valid object", async () => {
  using place = new Place();
  const store = await place.open();
  const a = await store.putBytes(text("aaaa"));
  const b = await store.putBytes(text("bbbb"));
  Deno.renameSync(store.objectPath(b), store.objectPath(a));
  await assert.rejects(store.readObject(a), DamagedObject);
  await assert.rejects(store.readObject(b), /is missing/);
});

Deno.test("verify() notices a change after it found the object right", async () => {
  using place = new Place();
  const store = await place.open();
  const digest = await store.putBytes(text("hello"));
  await store.verify(digest);
  Deno.chmodSync(store.objectPath(digest), 0o644);
  Deno.writeTextFileSync(store.objectPath(digest), "hullo");
  Deno.utimeSync(store.objectPath(digest), new Date(1e12), new Date(1e12));
  await assert.rejects(store.verify(digest), DamagedObject);
});

Deno.test("putting the right content again heals a damaged object", async () => {
  using place = new Place();
  const digest = await (await place.open()).putBytes(text("hello"));
  const store = await place.open();
  flip(store.objectPath(digest));
  await store.putBytes(text("hello"));
  assert.deepEqual(await store.readObject(digest), text("hello"));
});

Deno.test("records come back, and truncated or foreign ones are a miss", async () => {
  using place = new Place();
  const store = await place.open();
  const out = entryOf("file", { digest: await store.putBytes(text("x")), bytes: 1 });
  const [key, other] = [sha256("key"), sha256("other")];
  await store.putRecord(record(key, { out }));
  assert.deepEqual((await place.open()).hit(key), record(key, { out }));
  const path = `${store.dir}/records/${key.slice(0, 2)}/${key.slice(2)}.json`;
  const whole = Deno.readTextFileSync(path);
  Deno.mkdirSync(`${store.dir}/records/${other.slice(0, 2)}`, { recursive: true });
  Deno.writeTextFileSync(`${store.dir}/records/${other.slice(0, 2)}/${other.slice(2)}.json`, whole);
  assert.equal(store.getRecord(other), null);
  for (const size of [0, 1, 20, whole.length >> 1]) {
    Deno.writeTextFileSync(path, whole.slice(0, size));
    assert.equal(store.getRecord(key), null, `${size} bytes`);
  }
});

Deno.test("a record without its object is no hit, and cannot be written", async () => {
  using place = new Place();
  const store = await place.open();
  const out = entryOf("file", { digest: await store.putBytes(text("x")), bytes: 1 });
  const key = sha256("key");
  await store.putRecord(record(key, { out }));
  Deno.removeSync(store.objectPath(out.digest));
  assert.equal(store.hit(key), null);
  assert.notEqual(store.getRecord(key), null);
  await assert.rejects(store.putRecord(record(key, { out })), /"out" of the record is not in/);
});

Deno.test("lastComponents() follows each node's latest key over processes and torn lines", async () => {
  using place = new Place();
  const store = await place.open();
  const [one, two] = [sha256("1"), sha256("2")];
  for (const key of [one, two]) await store.putRecord(record(key, {}));
  assert.equal(store.lastComponents("p", "small", "n[1]"), null);
  store.rememberLast("p", "small", "n[1]", one);
  store.rememberLast("p", "small", "n[1]", two);
  Deno.writeTextFileSync(`${store.dir}/last/p/small.jsonl`, '["n[1]","', { append: true });
  const later = await place.open();
  assert.equal(later.lastComponents("p", "small", "n[1]")?.code.digest, two);
  assert.equal(later.lastComponents("p", "paper", "n[1]"), null);
  later.rememberLast("p", "small", "n[1]", one);
  const last = await place.open();
  assert.equal(last.lastComponents("p", "small", "n[1]")?.code.digest, one);
});

Deno.test("the list of latest keys, written anew when it is long, keeps what others added meanwhile", async () => {
  using place = new Place();
  const [one, two] = [sha256("1"), sha256("2")];
  const long = await place.open();
  for (let i = 0; i <= 1000; i++) {
    long.rememberLast("p", "small", "n", i % 2 === 0 ? one : two);
  }
  const early = await place.open();
  assert.equal(early.lastKey("p", "small", "n"), one);
  (await place.open()).rememberLast("p", "small", "other", two);
  early.rememberLast("p", "small", "n", two);
  const lines = Deno.readTextFileSync(`${early.dir}/last/p/small.jsonl`).trim().split(/\n+/);
  assert.equal(lines.length, 2, "it was written anew");
  const last = await place.open();
  assert.deepEqual([last.lastKey("p", "small", "n"), last.lastKey("p", "small", "other")], [
    two,
    two,
  ]);
});

Deno.test("a full disk leaves neither temporary files nor partial objects", async () => {
  using place = new Place();
  let left = 6;
  const host = faultyHost((step) => {
    if ((step === "writeNew" || step === "copy" || step === "rename") && left-- <= 0) {
      throw diskFull();
    }
  });
  const store = await Store.open(`${place.path}/store`, host);
  await assert.rejects(store.putTree(place.tree()), /No space left/);
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/tmp`)], []);
  left = Infinity;
  const entry = entryOf("tree", await store.putTree(`${place.path}/tree`));
  await store.verifyEntry(entry);
});

Deno.test("objects are flushed in groups before they get their names", async () => {
  using place = new Place();
  const steps: string[] = [];
  const host = faultyHost((step) => steps.push(step));
  const store = await Store.open(`${place.path}/store`, host);
  await store.putTree(place.tree());
  await Promise.all(["u", "v", "w"].map((s) => store.putBytes(text(s))));
  const flushes = steps.filter((s) => s === "flush").length;
  assert.ok(flushes >= 2 && flushes <= 3, `${flushes} flushes`);
  assert.ok(steps.indexOf("flush") < steps.indexOf("rename"));
});

Deno.test("two stores on one directory can write the same objects at once", async () => {
  using place = new Place();
  const stores = await Promise.all([1, 2, 3].map(place.open));
  const dir = place.tree();
  const entries = await Promise.all(stores.map((store) => store.putTree(dir)));
  assert.equal(new Set(entries.map((e) => e.digest)).size, 1);
  await stores[0].verifyEntry(entryOf("tree", entries[0]));
});
