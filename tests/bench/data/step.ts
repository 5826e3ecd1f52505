/** One step of the measurements in a process of its own: prints seconds, peak memory and what was found. */

import { createHash } from "node:crypto";
import { importSource } from "../../../pipeline/sources/local_import.ts";
import { localFile, localTree } from "../../../pipeline/mod.ts";
import { observe } from "../../../pipeline/sources/local_source.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Artifact, OutputEntry } from "../../../pipeline/types.ts";

const [step, path, storeDir, to] = Deno.args;

function declared(): Artifact {
  return Deno.statSync(path).isFile
    ? localFile({ name: "data", path }).file
    : localTree({ name: "data", path }).files;
}

async function look(artifact: Artifact, store: Store) {
  const { work } = artifact.node;
  if (work.type !== "source") throw new TypeError("not local data");
  return await observe(work.source, {
    root: "/",
    cacheDir: `${storeDir}/cache/sources`,
    manifestOf: (tree) => store.manifestBytes(tree),
  });
}

const start = performance.now();
let said = "";
if (step === "hash") {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(4 << 20);
  using file = Deno.openSync(path);
  for (let n; (n = file.readSync(buffer)) !== null;) hash.update(buffer.subarray(0, n));
  said = hash.digest("hex");
} else {
  const store = await Store.open(storeDir);
  const { signal } = new AbortController();
  if (step === "restore") {
    const entry: OutputEntry = JSON.parse(Deno.readTextFileSync(`${storeDir}/entry.json`));
    await store.materialize(entry, to);
  } else {
    const artifact = declared();
    const { form, media } = artifact.kind;
    const content = await look(artifact, store);
    const entry: OutputEntry = { digest: content.digest, bytes: content.bytes, form, media };
    if (!store.has(entry)) await importSource(store, { node: artifact.node, content, signal });
    said = content.digest;
    const again = step === "add-and-restore";
    if (again) {
      const begun = performance.now();
      await store.materialize(entry, to);
      said = String((performance.now() - begun) / 1000);
    }
    Deno.writeTextFileSync(`${storeDir}/entry.json`, JSON.stringify(entry));
  }
}
const seconds = (performance.now() - start) / 1000;
const peak = /VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
console.log(JSON.stringify({ seconds, megabytes: Number(peak?.[1]) / 1024, said }));
