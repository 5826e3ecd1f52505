/** Downloads: pinned content, damaged copies, registries that misbehave, local copies. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { download } from "../../../pipeline/sources/download.ts";
import { Failed, npmPackage } from "../../../pipeline/mod.ts";
import { Store } from "../../../pipeline/store/store.ts";
import { encodeManifest } from "../../../pipeline/store/tree_manifest.ts";
import type { Failure, NpmSource } from "../../../pipeline/types.ts";
import { diskFull, faultyHost } from "../faulty_host.ts";
import { FakeRegistry } from "./fake_registry.ts";

const FILES = { "data/a.json": "[1]", "data/b.json": "[2]", "README.md": "read me" };
const DIGEST = sha256(encodeManifest(
  Object.entries(FILES).filter(([path]) => path.startsWith("data/")).map(([path, text]) => ({
    path,
    digest: sha256(text),
    bytes: text.length,
  })),
));

const registry = () => new FakeRegistry("rig-data", FILES);

/** Downloads into a store beside the registry. */
async function fetched(
  { root }: FakeRegistry,
  source: Partial<NpmSource> = {},
  packagesDir?: string,
  host = faultyHost(() => {}),
) {
  const pinned: NpmSource = {
    package: "rig-data",
    version: "1.0.0",
    license: "MIT",
    include: ["data/*.json"],
    digest: DIGEST,
    ...source,
  };
  const { node } = npmPackage(pinned).files;
  const store = await Store.open(`${root}/store`, host);
  const log: string[] = [];
  const signal = new AbortController().signal;
  const onLog = (line: string) => log.push(line);
  const finished = await download(store, {
    node,
    source: pinned,
    packagesDir,
    root,
    signal,
    onLog,
  });
  return { store, log, entry: finished.outputs.files };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(() => null, (e) => e);
  assert.ok(error instanceof Failed, String(error));
  assert.equal(error.failure.where, "npm_package[rig-data]");
  return error.failure;
}

Deno.test("download() keeps the included files under the pinned digest", async () => {
  await using npm = registry();
  const { store, entry } = await fetched(npm);
  assert.equal(entry.digest, DIGEST);
  assert.deepEqual(store.treeFiles(DIGEST).map((f) => f.path), ["data/a.json", "data/b.json"]);
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/attempts`)], []);
});

Deno.test("download() takes a local copy instead of the network, under the same digest", async () => {
  await using npm = registry();
  npm.writeTo(`${npm.root}/local/rig-data@1.0.0`);
  const { entry } = await fetched(npm, {}, `${npm.root}/local`);
  assert.equal(entry.digest, DIGEST);
  assert.deepEqual(npm.requests, []);
  Deno.writeTextFileSync(`${npm.root}/local/rig-data@1.0.0/data/a.json`, "[9]");
  const failure = await failureOf(fetched(npm, {}, `${npm.root}/local`));
  assert.match(failure.mend!, /Replace .*local\/rig-data@1\.0\.0/);
});

Deno.test("download() names package, expected and found digest when the content is another", async () => {
  await using npm = registry();
  const failure = await failureOf(fetched(npm, { digest: "0".repeat(64) }));
  assert.equal(failure.code, "download");
  for (const part of ["rig-data@1.0.0", "0".repeat(64), DIGEST]) {
    assert.ok(failure.message.includes(part), failure.message);
  }
  assert.match(failure.mend!, /--packages DIR/);
});

Deno.test("download() gets past a damaged copy in Deno's cache, and names it when offline", async () => {
  await using npm = registry();
  await fetched(npm);
  const path = npm.cachedFile("data/a.json");
  Deno.removeSync(path);
  Deno.writeTextFileSync(path, "[7]");
  const { entry, log } = await fetched(npm);
  assert.equal(entry.digest, DIGEST);
  assert.ok(log.some((line) => line.includes("does not have the pinned content")));
  npm.fault = "unavailable";
  const failure = await failureOf(fetched(npm));
  assert.match(failure.message, /are not the pinned ones/);
  assert.ok(failure.mend!.includes(path.replace("/data/a.json", "")), failure.mend);
});

for (const fault of ["truncated", "flipped", "unavailable"] as const) {
  Deno.test(`download() survives two ${fault} answers and reports three`, async () => {
    await using npm = registry();
    npm.fault = fault;
    const failure = await failureOf(fetched(npm));
    assert.equal(failure.code, "download");
    assert.match(failure.message, /could not download rig-data@1\.0\.0: \S/);
    assert.match(failure.mend!, /network .*--packages DIR/s);
    npm.faults = 2;
    assert.equal((await fetched(npm)).entry.digest, DIGEST);
  });
}

Deno.test("download() does not repeat what cannot change, and says what is wrong", async () => {
  await using npm = registry();
  const version = await failureOf(fetched(npm, { version: "2.0.0" }));
  assert.match(version.message, /rig-data@2\.0\.0/);
  npm.fault = "absent";
  Deno.removeSync(`${npm.root}/deno`, { recursive: true });
  npm.requests = [];
  assert.match((await failureOf(fetched(npm))).message, /rig-data/);
  assert.ok(npm.requests.length <= 2, npm.requests.join());
});

Deno.test("download() names a glob that matches nothing", async () => {
  await using npm = registry();
  const failure = await failureOf(fetched(npm, { include: ["data/*.json", "img/*.png"] }));
  assert.match(failure.message, /no file that matches "img\/\*\.png"/);
});

Deno.test("download() tells a full disk", async () => {
  await using npm = registry();
  const host = faultyHost((step) => {
    if (step === "copy") throw diskFull();
  });
  assert.equal((await failureOf(fetched(npm, {}, undefined, host))).code, "no-space");
});
