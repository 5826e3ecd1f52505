/** Folders that look as they did are not listed again, and nothing that happens in them is missed. */

import assert from "node:assert/strict";
import { observe } from "../../../pipeline/sources/local_source.ts";
import { encodeManifest, treeDigest } from "../../../pipeline/store/tree_manifest.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import type { LocalSource } from "../../../pipeline/types.ts";
import { RACY_MS } from "../../../pipeline/racy.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, RACY_MS + 1100));

/** The folders that are listed while `work` runs. */
async function listed(work: () => Promise<unknown>): Promise<string[]> {
  const original = Deno.readDirSync;
  const seen: string[] = [];
  Deno.readDirSync = (path) => {
    seen.push(String(path));
    return original(path);
  };
  try {
    await work();
  } finally {
    Deno.readDirSync = original;
  }
  return seen;
}

const linux = Deno.build.os === "linux";

Deno.test("an untouched folder is not listed again; every change in it is seen", async () => {
  const base = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    const root = `${base}/tree`;
    const source: LocalSource = { name: "t", path: root, form: "tree", include: [], exclude: [] };
    const write = (path: string, text: string) => Deno.writeTextFileSync(`${root}/${path}`, text);
    for (let folder = 0; folder < 12; folder++) {
      Deno.mkdirSync(`${root}/${folder}/deep`, { recursive: true });
      for (const file of ["a", "b", "deep/c"]) write(`${folder}/${file}`, `${folder} ${file}`);
    }
    await settled();
    const manifests = new Map<string, Uint8Array>();
    const place = {
      root: "/",
      cacheDir: `${base}/cache`,
      manifestOf: (tree: string) => manifests.get(tree) ?? null,
    };
    const look = async () => {
      const now = await observe(source, place);
      assert.equal(now.digest, treeDigest(root));
      assert.equal(sha256(now.manifest()), now.digest);
      assert.deepEqual(encodeManifest(now.files()), now.manifest());
      manifests.set(now.digest, now.manifest());
      return now.digest;
    };
    const first = await look();
    // On other systems it is not known which file systems date their folders.
    if (linux) assert.equal((await listed(() => observe(source, place))).length, 0);

    write("0/a", "changed in place");
    const changed = await look();
    assert.notEqual(changed, first);
    write("1/new", "a new file");
    assert.notEqual(await look(), changed);
    Deno.removeSync(`${root}/2/a`);
    await look();
    Deno.renameSync(`${root}/3/a`, `${root}/3/renamed`);
    await look();
    Deno.renameSync(`${root}/4/a`, `${root}/4/b`);
    await look();
    Deno.mkdirSync(`${root}/5/deep/deeper`);
    write("5/deep/deeper/d", "in a new folder");
    await look();
    Deno.removeSync(`${root}/6`, { recursive: true });
    await look();
    Deno.renameSync(`${root}/7`, `${root}/seven`);
    await look();

    // Someone adds a file and sets the folder's time back, as programs that copy trees do.
    const { mtime } = Deno.statSync(`${root}/8`);
    write("8/hidden", "its folder looks old");
    Deno.utimeSync(`${root}/8`, mtime!, mtime!);
    const hidden = await look();
    const again = await listed(() => observe(source, place));
    assert.ok(again.includes(`${root}/8`), "a folder that changed just now is listed each time");
    if (linux) assert.ok(!again.includes(`${root}/9`), "an old one is not");

    Deno.removeSync(`${root}/9/deep/c`);
    Deno.symlinkSync("../a", `${root}/9/deep/c`);
    await assert.rejects(look(), /symbolic link/);
    Deno.removeSync(`${root}/9/deep/c`);
    write("9/deep/c", "9 deep/c");
    assert.equal(await look(), hidden);
  } finally {
    Deno.removeSync(base, { recursive: true });
  }
});
