/** What a stage may leave in a tree: kept faithfully, or refused by name. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { TreeError } from "../../../pipeline/store/tree_manifest.ts";

class Place {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "trees-" }));
  readonly out = `${this.path}/out`;
  constructor() {
    Deno.mkdirSync(this.out);
  }
  write(name: string, text = "x"): void {
    const path = `${this.out}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }
  /** As the executor takes the output of a stage. */
  async take() {
    const store = await Store.open(`${this.path}/store`);
    const [stored] = await store.put([{ path: this.out, form: "tree", move: true }]);
    return { store, entry: { ...stored, form: "tree" as const, media: "m" } };
  }
  [Symbol.dispose]() {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function command(name: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(name, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const REFUSED: Readonly<Record<string, [(place: Place) => unknown, RegExp]>> = {
  "an absolute link": [
    (p) => Deno.symlinkSync("/etc/passwd", `${p.out}/l`),
    /^"l" is a symbolic link to \/etc\/passwd; a tree holds regular files only$/,
  ],
  "a link out of the tree": [
    (p) => Deno.symlinkSync("../../secret", `${p.out}/l`),
    /^"l" is a symbolic link to \.\.\/\.\.\/secret/,
  ],
  "a link inside the tree": [
    (p) => (p.write("a"), Deno.symlinkSync("a", `${p.out}/l`)),
    /^"l" is a symbolic link to a/,
  ],
  "a dangling link": [
    (p) => Deno.symlinkSync("nowhere", `${p.out}/l`),
    /^"l" is a symbolic link to nowhere/,
  ],
  "a link to itself": [
    (p) => Deno.symlinkSync("l", `${p.out}/l`),
    /^"l" is a symbolic link to l/,
  ],
  "a link to a folder above": [
    (p) => (Deno.mkdirSync(`${p.out}/d`), Deno.symlinkSync("..", `${p.out}/d/l`)),
    /^"d\/l" is a symbolic link to \.\./,
  ],
  "an empty folder": [
    (p) => Deno.mkdirSync(`${p.out}/d/e`, { recursive: true }),
    /^"d\/e\/" is an empty directory, which a tree cannot hold$/,
  ],
  "a name with a line break": [
    (p) => p.write("a\nb"),
    /^"a\\nb" cannot be a file of a tree: it contains a control character$/,
  ],
  "a name with a backslash": [(p) => p.write("a\\b"), /it contains a backslash/],
  "names that differ in case": [
    (p) => (p.write("Read.me"), p.write("read.me")),
    /^"Read\.me" and "read\.me" differ only in case/,
  ],
  "folders that differ in case": [
    (p) => (p.write("Data/a"), p.write("data/b")),
    /^"Data" and "data" differ only in case/,
  ],
  "names that differ in Unicode form": [
    (p) => (p.write("\u00e9"), p.write("e\u0301")),
    /differ only in case or in Unicode form/,
  ],
  "a FIFO": [(p) => command("mkfifo", `${p.out}/f`), /^"f" is a FIFO/],
  "a socket": [
    (p) => Deno.listen({ transport: "unix", path: `${p.out}/s` }).close(),
    /^"s" is a socket/,
  ],
  "a device": [(p) => command("mknod", `${p.out}/n`, "c", "1", "3"), /^"n" is a device/],
  "a name that is not UTF-8": [
    (p) => command("bash", "-c", `: > "$1"/$'n\\xff'`, "-", p.out),
    /^the name "n\ufffd" is not UTF-8$/,
  ],
};

for (const [what, [make, expected]] of Object.entries(REFUSED)) {
  Deno.test(`put() refuses ${what} by name and stores nothing`, async () => {
    using place = new Place();
    try {
      make(place);
    } catch {
      return; // This system has no such thing.
    }
    // Neither has one where its command fails.
    if ([...Deno.readDirSync(place.out)].length === 0) return;
    await assert.rejects(place.take(), (error: unknown) => {
      assert.ok(error instanceof TreeError, String(error));
      assert.match(error.message, expected);
      return true;
    });
    const store = `${place.path}/store`;
    assert.deepEqual([...Deno.readDirSync(`${store}/objects/sha256`)], []);
    assert.deepEqual([...Deno.readDirSync(`${store}/tmp`)], []);
  });
}

Deno.test("put() keeps files with two names as two files that nobody can change", async () => {
  using place = new Place();
  place.write("a", "same");
  Deno.linkSync(`${place.out}/a`, `${place.out}/b`);
  Deno.linkSync(`${place.out}/a`, `${place.path}/outside`);
  const { store, entry } = await place.take();
  Deno.writeTextFileSync(`${place.path}/outside`, "evil");
  assert.deepEqual(store.treeFiles(entry.digest).map(({ path }) => path), ["a", "b"]);
  await store.materialize(entry, `${place.path}/back`);
  assert.equal(Deno.readTextFileSync(`${place.path}/back/b`), "same");
});

Deno.test("put() keeps contents, not modes: an executable comes back as data", async () => {
  using place = new Place();
  place.write("run.sh", "#!/bin/sh\n");
  const before = (await place.take()).entry.digest;
  Deno.mkdirSync(place.out, { recursive: true });
  place.write("run.sh", "#!/bin/sh\n");
  Deno.chmodSync(`${place.out}/run.sh`, 0o755);
  const { store, entry } = await place.take();
  assert.equal(entry.digest, before);
  await store.materialize(entry, `${place.path}/back`);
  assert.equal(Deno.statSync(`${place.path}/back/run.sh`).mode! & 0o777, 0o444);
});

Deno.test("put() keeps empty files, long names, deep folders and an empty tree", async () => {
  using place = new Place();
  const empty = (await place.take()).entry;
  assert.equal(empty.bytes, 0);
  Deno.mkdirSync(place.out, { recursive: true });
  const long = "n".repeat(255);
  const deep = "d/".repeat(200);
  for (const name of [long, `${deep}f`, "e1", "e2", "ä ö", ".hidden"]) place.write(name, "");
  const { store, entry } = await place.take();
  await store.materialize(entry, `${place.path}/back`);
  assert.equal(Deno.statSync(`${place.path}/back/${deep}f`).size, 0);
  const object = store.objectPath(sha256(""));
  assert.equal(
    Deno.statSync(object).nlink,
    1,
    "one inode shared by all empty files runs out of links",
  );
  await store.materialize(empty, `${place.path}/nothing`);
  assert.deepEqual([...Deno.readDirSync(`${place.path}/nothing`)], []);
});

Deno.test("materialize() never writes over what is there", async () => {
  using place = new Place();
  place.write("a", "right");
  const { store } = await place.take();
  const entry = { digest: sha256("right"), form: "file" as const, media: "m", bytes: 5 };
  await store.materialize(entry, `${place.path}/f`);
  await assert.rejects(store.materialize(entry, `${place.path}/f`), Deno.errors.AlreadyExists);
  assert.equal(Deno.readTextFileSync(store.objectPath(entry.digest)), "right");
});
