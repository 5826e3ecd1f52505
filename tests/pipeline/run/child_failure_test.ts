/** What users are told of failed processes and of a store that cannot be used. */

import assert from "node:assert/strict";
import {
  childFailure,
  type FailedChild,
  storeFailure,
} from "../../../pipeline/run/child_failure.ts";

const died = (parts: Partial<FailedChild>): FailedChild => ({
  node: "train",
  end: { success: false, code: 1, signal: null },
  error: null,
  tail: [],
  provider: "cpu",
  store: "/data/store",
  log: "/data/store/logs/train.log",
  ...parts,
});
const bySignal = (signal: Deno.Signal) => ({ success: false, code: 135, signal });

Deno.test("a crash of native code names ONNX Runtime and the way around it", () => {
  const failure = childFailure(died({ end: bySignal("SIGBUS") }));
  assert.equal(failure.code, "onnxruntime");
  assert.match(failure.message, /SIGBUS.*may be damaged/);
  assert.match(failure.mend!, /--provider wasm/);
  // Without native code there is nothing of the kind to blame.
  for (const provider of [null, "wasm"] as const) {
    const other = childFailure(died({ end: bySignal("SIGBUS"), provider }));
    assert.equal(other.code, "killed");
    assert.doesNotMatch(other.mend!, /--provider/);
  }
});

Deno.test("a provider that this machine lacks names another one", () => {
  const said = (message: string) => ({ name: "TensorError", message });
  const cuda = childFailure(died({
    provider: "cuda",
    error: said("provider cuda cannot load the program: Failed to load shared library"),
  }));
  assert.match(cuda.mend!, /--provider cpu/);
  assert.doesNotMatch(cuda.mend!, /delete/);
  const webgpu = childFailure(
    died({ provider: "webgpu", error: said("provider webgpu found no adapter; install one") }),
  );
  assert.equal(webgpu.code, "onnxruntime");
  assert.match(webgpu.mend!, /--provider cpu/);
  const cpu = childFailure(died({ error: said("libonnxruntime.so.1: cannot open it") }));
  assert.match(cpu.mend!, /delete the onnxruntime package/);
});

Deno.test("errors of the system about the store are told apart from defects", () => {
  const system = (code: string, message: string) => Object.assign(new Error(message), { code });
  const full = storeFailure(system("ENOSPC", "writefile '/elsewhere'"), "/data/store");
  assert.equal(full?.code, "no-space");
  const refused = system("EROFS", "Read-only file system: open '/data/store/leases/x'");
  assert.equal(storeFailure(refused, "/data/store")?.code, "store");
  assert.equal(storeFailure(system("ENOENT", "open '/other'"), "/data/store"), null);
  assert.equal(storeFailure(new TypeError("/data/store is undefined"), "/data/store"), null);
});

Deno.test("an exception names the innermost line of the paper or the methods", () => {
  const thrown = (...tail: string[]) =>
    childFailure(died({ error: { name: "Error", message: "no rows" }, tail })).message;
  assert.equal(
    thrown(
      "Error: no rows",
      "    at check (npm:zod@4.6.7/v4/core.js:1:2)",
      "    at mean (methods/stats/mean.ts:3:9)",
      "    at async run (stages/coin/judge.ts:12:5)",
      "    at async main (pipeline/run/runner.ts:39:5)",
    ),
    "Error: no rows (methods/stats/mean.ts:3:9)",
  );
  assert.equal(
    thrown("    at stages/coin/judge.ts:12:5"),
    "Error: no rows (stages/coin/judge.ts:12:5)",
  );
  assert.equal(thrown("Error: no rows"), "Error: no rows");
});
