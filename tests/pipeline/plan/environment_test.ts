/** Environments in keys, the choice of the provider, and tensors inside the sandbox. */

import assert from "node:assert/strict";
import { z } from "zod";
import {
  childEnvironment,
  chooseProvider,
  environmentOf,
  instructionSet,
  npmCacheDir,
  providerPermissions,
} from "../../../pipeline/plan/environment.ts";
import { execute } from "../../../pipeline/run/executor.ts";
import { Failed, json, stage } from "../../../pipeline/mod.ts";
import { preparePackages } from "../../../pipeline/sources/packages.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Provider, Work } from "../../../pipeline/types.ts";
import { systemHost } from "../../../pipeline/host.ts";

const work = (provider: boolean): Work => ({
  type: "module",
  implementation: new URL("file:///x.ts"),
  provider,
});

Deno.test("environmentOf() adds only what results depend on", () => {
  const deno = Deno.version.deno;
  assert.deepEqual(environmentOf(work(false), "cuda", 1), { deno });
  assert.deepEqual(environmentOf(work(false), "cuda", 4), { deno, threads: "4" });
  const source = { package: "p", version: "1.0.0", license: "", include: [], digest: "" };
  assert.deepEqual(environmentOf({ type: "npm", source }, "cpu", 4), {});
  const cpu = environmentOf(work(true), "cpu", 2);
  assert.deepEqual(Object.keys(cpu).sort(), [
    "deno",
    "instructions",
    "onnxruntime",
    "provider",
    "system",
    "threads",
  ]);
  assert.equal(cpu.threads, "2");
  assert.match(cpu.onnxruntime, /^onnxruntime-node@\d+\.\d+\.\d+$/);
  assert.equal(cpu.instructions, instructionSet());
  const wasm = environmentOf(work(true), "wasm", 1);
  assert.match(wasm.onnxruntime, /^onnxruntime-web@/);
  assert.ok(!("instructions" in wasm) && !("system" in wasm), "WebAssembly is the same everywhere");
});

Deno.test("environmentOf() differs between providers and thread counts", () => {
  const seen = new Set<string>();
  for (const provider of ["cpu", "cuda", "webgpu", "wasm"] as const) {
    for (const threads of [1, 2]) {
      seen.add(JSON.stringify(environmentOf(work(true), provider, threads)));
    }
  }
  assert.equal(seen.size, 8);
});

Deno.test("chooseProvider() obeys a request and gives a reason for its own choice", async () => {
  assert.deepEqual(await chooseProvider("wasm"), { provider: "wasm", reason: "as requested" });
  const cacheDir = Deno.makeTempDirSync();
  const choice = await chooseProvider("auto", { cacheDir });
  Deno.removeSync(cacheDir, { recursive: true });
  assert.ok(["cpu", "cuda", "wasm"].includes(choice.provider));
  assert.match(choice.reason, /\w+ \w+/);
});

Deno.test("providerPermissions() grants native code to native providers only", () => {
  const grants = (provider: Provider) => providerPermissions(provider, "/npm").join(" ");
  assert.equal(grants("cpu"), "--allow-read=/npm --allow-ffi=/npm");
  assert.equal(grants("cuda"), grants("cpu"));
  assert.equal(grants("wasm"), "--allow-read=/npm");
  assert.equal(grants("webgpu"), "--allow-read=/npm");
});

Deno.test("childEnvironment() hides the user's variables", () => {
  Deno.env.set("RIG_SECRET", "x");
  try {
    assert.ok(!("RIG_SECRET" in childEnvironment()));
  } finally {
    Deno.env.delete("RIG_SECRET");
  }
});

/** A program that computes -2 with a one-node model, as bundles of tensor stages do. */
const program = (specifier: string, provider: string) => `
  import * as ort from ${JSON.stringify(specifier)};
  import { main } from ${
  JSON.stringify(new URL("../../../pipeline/run/runner.ts", import.meta.url).href)
};
  const model = "CAg6MgoLCgF4EgF5IgNOZWcSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgIQDQ==";
  await main(async ({ outputs, provider }) => {
    const bytes = Uint8Array.from(atob(model), (c) => c.charCodeAt(0));
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["${provider}"] });
    const { y } = await session.run({ x: new ort.Tensor("float32", [2], [1]) });
    await outputs.y.write({ y: y.data[0], provider });
  });`;

for (const [provider, tensors] of [["cpu", true], ["wasm", true], ["cpu", false]] as const) {
  const permitted = tensors ? "runs" : "is refused unless declared";
  Deno.test(`ONNX Runtime ${permitted} in the sandbox of a stage on ${provider}`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      const store = await Store.open(dir);
      const { y } = stage({
        name: "negate",
        describe: "negates",
        implementation: new URL("file:///negate.ts"),
        inputs: {},
        params: z.object({}),
        outputs: { y: json<unknown>() },
        provider: tensors,
      })({ inputs: {}, params: {} });
      const specifier = environmentOf(work(true), provider, 1).onnxruntime;
      const signal = new AbortController().signal;
      const lockFile = `${dir}/deno.lock`;
      Deno.copyFileSync(new URL("../../../deno.lock", import.meta.url), lockFile);
      await preparePackages(
        [`npm:${specifier}`],
        lockFile,
        { host: systemHost, root: dir, signal, onLog: () => {} },
        () => {},
      );
      const attempt = execute(store, {
        node: y.node,
        program: {
          code: new TextEncoder().encode(program(`npm:${specifier}`, provider)),
          specifiers: [`npm:${specifier}`],
        },
        inputs: {},
        provider,
        threads: 1,
        lockFile,
        signal,
        onProgress: () => {},
        onLog: () => {},
      });
      if (tensors) {
        const { outputs } = await attempt;
        const text = new TextDecoder().decode(await store.readObject(outputs.y.digest));
        assert.deepEqual(JSON.parse(text), { y: -2, provider });
      } else {
        await assert.rejects(attempt, (error) => {
          assert.ok(error instanceof Failed);
          assert.equal(error.failure.code, "undeclared-access");
          assert.match(error.failure.mend!, /provider: true/);
          return true;
        });
      }
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test("npmCacheDir() is an absolute path", async () => {
  assert.match(await npmCacheDir(), /^(\/|[A-Z]:)/);
});

Deno.test({
  name: "a declared variable whose value is not Unicode is told by its name",
  ignore: Deno.build.os === "windows",
  async fn() {
    const module = new URL("../../../pipeline/plan/declared.ts", import.meta.url).href;
    const program = `const { declaredEnvironment } = await import(${JSON.stringify(module)});
      const work = { type: "module", env: ["RIG_BYTES"] };
      try { declaredEnvironment(work); } catch (error) { console.log(error.name, error.message); }`;
    const { stdout } = await new Deno.Command("sh", {
      args: [
        "-c",
        `RIG_BYTES=$(printf 'a\\377') exec "$0" eval --no-lock "$1"`,
        Deno.execPath(),
        program,
      ],
      stderr: "inherit",
    }).output();
    assert.match(
      new TextDecoder().decode(stdout),
      /^Failed RIG_BYTES: the variable RIG_BYTES, which a stage declares, .* not Unicode\n/,
    );
  },
});
