/** The canonical list of a tree's files. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import {
  checkTreePath,
  decodeManifest,
  encodeManifest,
  listTree,
  treeDigest,
  TreeError,
} from "../../../pipeline/store/tree_manifest.ts";

const DIGEST = sha256("x");

function temporary(): { path: string; [Symbol.dispose](): void } {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("encodeManifest() gives the same bytes whatever the order of files", () => {
  const files = ["b", "a/c", "a.txt", "Z", "ä"].map((path) => ({ path, digest: DIGEST, bytes: 1 }));
  const bytes = encodeManifest(files);
  assert.deepEqual(encodeManifest([...files].reverse()), bytes);
  const { files: read, bytes: total } = decodeManifest(bytes);
  assert.deepEqual(read.map((f) => f.path), ["Z", "a.txt", "a/c", "b", "ä"]);
  assert.equal(total, 5);
});

Deno.test("encodeManifest() has bytes that never change, because digests of data are pinned to them", () => {
  assert.equal(
    new TextDecoder().decode(encodeManifest([{ path: "a/b.txt", digest: DIGEST, bytes: 1 }])),
    `{"version":1,"files":[\n{"path":"a/b.txt","digest":"${DIGEST}","bytes":1}\n]}\n`,
  );
  assert.equal(new TextDecoder().decode(encodeManifest([])), `{"version":1,"files":[]}\n`);
});

Deno.test("checkTreePath() refuses paths that leave the tree or that other systems cannot hold", () => {
  const bad = [
    "",
    "/etc/x",
    "../x",
    "a/../../x",
    "a//b",
    "./a",
    "C:\\x",
    "C:x",
    "a\\b",
    "a\0b",
    "a\nb",
  ];
  for (const path of [...bad, "x".repeat(256)]) {
    assert.throws(() => checkTreePath(path), TreeError, path);
  }
  for (const path of ["a", "a/b.c", "..a", "ä/é", " x"]) checkTreePath(path);
});

Deno.test("encodeManifest() refuses names that differ only in case or Unicode form", () => {
  const manifest = (a: string, b: string) =>
    encodeManifest([a, b].map((path) => ({ path, digest: DIGEST, bytes: 0 })));
  assert.throws(() => manifest("Read.me", "read.me"), /differ only in case/);
  assert.throws(() => manifest("\u00e9", "e\u0301"), /differ only in case/);
  assert.throws(() => manifest("Data/a", "data/b"), /"Data" and "data" differ only in case/);
  assert.throws(() => manifest("Data", "data/b"), /differ only in case/);
  assert.throws(() => manifest("x/Y/a", "x/y/b"), /"x\/Y" and "x\/y" differ only in case/);
  manifest("x/y/a", "x/y/b");
  manifest("x/y/a", "x/y-b");
  assert.throws(() => manifest("a", "a"), /"a" occurs twice/);
  assert.throws(() => manifest("a", "a/b"), TreeError);
});

Deno.test("decodeManifest() refuses what is not a manifest", () => {
  const decode = (text: string) => decodeManifest(new TextEncoder().encode(text));
  const file = { path: "a", digest: DIGEST, bytes: 1 };
  for (
    const value of [
      {},
      null,
      { version: 2, files: [] },
      { version: 1, files: [{ ...file, path: "../a" }] },
      { version: 1, files: [{ ...file, digest: "../../etc" }] },
      { version: 1, files: [{ ...file, bytes: -1 }] },
    ]
  ) assert.throws(() => decode(JSON.stringify(value)), TreeError);
  assert.throws(() => decode('{"version":1,"files":['), TreeError);
});

Deno.test("listTree() refuses links and devices by name", () => {
  using dir = temporary();
  Deno.mkdirSync(`${dir.path}/a/b`, { recursive: true });
  Deno.writeTextFileSync(`${dir.path}/a/b/file`, "");
  assert.deepEqual(listTree(dir.path), ["a/b/file"]);
  Deno.symlinkSync("/etc/passwd", `${dir.path}/a/link`);
  assert.throws(() => listTree(dir.path), /"a\/link" is a symbolic link/);
  Deno.removeSync(`${dir.path}/a/link`);
  if (Deno.build.os === "linux") {
    new Deno.Command("mkfifo", { args: [`${dir.path}/pipe`] }).outputSync();
    assert.throws(() => listTree(dir.path), /"pipe" is a FIFO/);
  }
});

Deno.test("treeDigest() depends on names and contents of the accepted files only", () => {
  using a = temporary();
  using b = temporary();
  for (const { path } of [a, b]) {
    Deno.writeTextFileSync(`${path}/x`, "1");
    Deno.writeTextFileSync(`${path}/y`, path);
  }
  assert.notEqual(treeDigest(a.path), treeDigest(b.path));
  const x = (path: string) => path === "x";
  assert.equal(treeDigest(a.path, x), treeDigest(b.path, x));
  Deno.renameSync(`${b.path}/x`, `${b.path}/z`);
  assert.notEqual(treeDigest(a.path, x), treeDigest(b.path, (path) => path === "z"));
});
