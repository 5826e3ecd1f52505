/** Packages that stages import, from a registry that the environment names. */

import assert from "node:assert/strict";
import { Failed } from "../../../pipeline/mod.ts";
import { preparePackages } from "../../../pipeline/sources/packages.ts";
import { faultyHost } from "../faulty_host.ts";
import { FakeRegistry } from "./fake_registry.ts";

Deno.test("preparePackages() fetches what is missing, and says what it needs when it cannot", async () => {
  await using npm = new FakeRegistry("rig-lib", { "index.js": "export default 1;" });
  const host = faultyHost(() => {});
  const signal = new AbortController().signal;
  const fetched: string[] = [];
  const prepare = (specifier: string) =>
    preparePackages(
      [specifier],
      null,
      { host, root: npm.root, signal, onLog: () => {} },
      (list) => {
        fetched.push(...list);
      },
    );
  await prepare("npm:rig-lib@1.0.0");
  const asked = npm.requests.length;
  await prepare("npm:rig-lib@1.0.0");
  assert.equal(npm.requests.length, asked, "what is in the cache needs no network");
  assert.deepEqual(fetched, ["npm:rig-lib@1.0.0"]);
  npm.fault = "absent";
  await assert.rejects(prepare("npm:rig-other@1.0.0"), (error) => {
    assert.ok(error instanceof Failed);
    assert.equal(error.failure.code, "package-missing");
    assert.match(error.failure.message, /rig-other@1\.0\.0/);
    return true;
  });
});
