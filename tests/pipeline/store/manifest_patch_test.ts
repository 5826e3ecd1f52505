/** Manifests with some lines replaced are those that would be made anew. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { sha256 } from "../../../pipeline/canonical.ts";
import { patchManifest } from "../../../pipeline/store/manifest_patch.ts";
import { encodeManifest, type TreeFile } from "../../../pipeline/store/tree_manifest.ts";

const part = fc.stringMatching(/^[a-z0-9_é"é {}\[\]:,]{1,6}$/).filter((s) =>
  s.normalize("NFC") === s
);
/** Files and folders have names that do not clash. */
const path = fc.tuple(part, part).map(([a, b]) => `d ${a}/f ${b}`);
const bytes = fc.nat(1e9);

function fileOf(path: string, bytes: number): TreeFile {
  return { path, bytes, digest: sha256(`${path} ${bytes}`) };
}

Deno.test("patchManifest gives the bytes of encodeManifest for any tree and any edits", () => {
  const trees = fc.uniqueArray(path, { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(trees, fc.infiniteStream(bytes), fc.infiniteStream(fc.boolean()), (
    paths,
    sizes,
    coins,
  ) => {
    const next = <T>(stream: Iterator<T>) => stream.next().value as T;
    const before = paths.map((path) => fileOf(path, next(sizes)));
    const after = before.map((file) => next(coins) ? fileOf(file.path, next(sizes)) : file);
    const edits = before.map((file, i) => ({ before: file, after: after[i] }))
      .filter((edit) => edit.before !== edit.after);
    const patched = patchManifest(encodeManifest(before), edits);
    assert.deepEqual(patched, encodeManifest(after));
  }));
});

Deno.test("patchManifest gives up when a file is not listed, or not as it is said to have been", () => {
  const files = ["a", "b", "c"].map((path, i) => fileOf(path, i));
  const manifest = encodeManifest(files);
  const edit = (before: TreeFile) => [{ before, after: fileOf(before.path, 9) }];
  assert.equal(patchManifest(manifest, edit(fileOf("bb", 1))), null);
  assert.equal(patchManifest(manifest, edit(fileOf("b", 7))), null);
  assert.notEqual(patchManifest(manifest, edit(files[1])), null);
  assert.equal(patchManifest(encodeManifest([]), edit(files[1])), null);
  assert.equal(patchManifest(new Uint8Array([1, 10, 2, 10, 3]), edit(files[1])), null);
});
