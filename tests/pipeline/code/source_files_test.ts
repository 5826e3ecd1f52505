/** Recognising unchanged source files: when a stamp is enough, and when bytes are compared. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { see, stillSeen } from "../../../pipeline/code/source_files.ts";

async function withFile(test: (path: string) => void): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    Deno.writeTextFileSync(path, "one");
    test(path);
  } finally {
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

Deno.test("see() digests the bytes", async () => {
  await withFile((path) => assert.equal(see(path).seen.digest, sha256("one")));
});

Deno.test("stillSeen() trusts the stamp of a file that was written long before it was seen", async () => {
  await withFile((path) => {
    const { seen } = see(path);
    // A wrong digest shows whether the bytes were looked at.
    const known = { ...seen, digest: "wrong", checked: seen.touched + 60_000 };
    assert.equal(stillSeen(path, known), known);
  });
});

Deno.test("stillSeen() compares bytes of a file that was written around the time it was seen", async () => {
  await withFile((path) => {
    const { seen } = see(path);
    for (const after of [-10_000, 0, 1_999]) {
      const known = { ...seen, checked: seen.touched + after };
      assert.equal(stillSeen(path, { ...known, digest: "wrong" }), null);
      assert.equal(stillSeen(path, known)?.digest, seen.digest);
    }
  });
});

Deno.test("stillSeen() renews the stamp of a file that was only touched", async () => {
  await withFile((path) => {
    const { seen } = see(path);
    Deno.utimeSync(path, new Date(0), new Date(0));
    const now = stillSeen(path, { ...seen, checked: seen.touched + 60_000 });
    assert.equal(now?.digest, seen.digest);
    assert.notEqual(now?.stamp, seen.stamp);
  });
});

Deno.test("stillSeen() notices other contents, a file that is gone, and one that became a folder", async () => {
  await withFile((path) => {
    const { seen } = see(path);
    const known = { ...seen, checked: seen.touched + 60_000 };
    Deno.writeTextFileSync(path, "three");
    assert.equal(stillSeen(path, known), null);
    Deno.removeSync(path);
    assert.equal(stillSeen(path, known), null);
    Deno.mkdirSync(path);
    assert.equal(stillSeen(path, known), null);
    assert.equal(stillSeen(`${path}/inside`, known), null);
  });
});
