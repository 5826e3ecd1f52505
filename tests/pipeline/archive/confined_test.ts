/** What a stranger's program may not do, and that it is told in one line. */

import assert from "node:assert/strict";
import { file } from "../../../pipeline/declare/artifact.ts";
import { runConfined } from "../../../pipeline/archive/confined.ts";
import { hasProcessLimits, limitedHost } from "../../../pipeline/archive/limited_host.ts";
import { Failed } from "../../../pipeline/failure.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Node } from "../../../pipeline/types.ts";

const node: Node = {
  id: "stranger",
  stage: "stranger",
  describe: "",
  work: { type: "module", implementation: new URL("bundle:stranger"), provider: false },
  inputs: {},
  inputKinds: {},
  params: {},
  outputs: { out: file("text/plain", ".txt") },
  cores: 1,
};
const limits = { memory: 256e6, cpuSeconds: 60, fileBytes: 4e8 };

/** Runs a program. @returns the failure's message. */
async function failureOf(code: string, timeoutSeconds = 60): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    const store = await Store.open(dir, limitedHost(limits));
    await runConfined(store, {
      node,
      code: new TextEncoder().encode(code),
      specifiers: [],
      inputs: {},
      provider: "wasm",
      threads: 1,
      lockFile: null,
      timeoutSeconds,
      signal: new AbortController().signal,
    });
    return "it ran";
  } catch (error) {
    assert.ok(error instanceof Failed, String(error));
    return error.failure.message;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a program without end is stopped", async () => {
  assert.match(await failureOf("while (true);", 1), /stopped after 1 s/);
});

Deno.test("a program that wants all memory gets what it is given", async () => {
  const grow = "const all = []; while (true) all.push(Array.from({ length: 1e5 }, () => ({})));";
  assert.match(await failureOf(grow), /ran out of memory/);
});

Deno.test({
  name: "memory outside V8's heap counts too",
  ignore: !hasProcessLimits(),
  async fn() {
    const grow = "const all = []; while (true) all.push(new Uint8Array(1e7).fill(1));";
    assert.match(await failureOf(grow), /memory|allocation failed/);
  },
});

Deno.test({
  name: "a file without end stays small",
  ignore: !hasProcessLimits(),
  async fn() {
    const said = await failureOf(
      `const file = await Deno.open("outputs/out.txt", { write: true, create: true });
       while (true) await file.write(new Uint8Array(1e6));`,
    );
    assert.match(said, /File too large|SIGXFSZ|signal/);
  },
});

Deno.test("a program that prints without end is stopped", async () => {
  const print = `const line = "x".repeat(1e6); while (true) console.error(line);`;
  assert.match(await failureOf(print), /printed more than 64 MiB/);
});

for (
  const [what, code] of Object.entries({
    "the network": `await Deno.connect({ port: 4001 });`,
    "other files": `Deno.readTextFileSync("/etc/hostname");`,
    "the environment": `Deno.env.get("HOME");`,
    "other programs": `new Deno.Command("true").outputSync();`,
    "native code": `Deno.dlopen("libc.so.6", {});`,
    "writing elsewhere": `Deno.writeTextFileSync("/tmp/stranger", "x");`,
  })
) {
  Deno.test(`a program is refused ${what}`, async () => {
    assert.match(await failureOf(code), /the stage tried to .*, which it does not declare/);
  });
}
