/** Escapes from the sandbox: each is tried by a real stage and must be refused, with what to declare instead. */

import assert from "node:assert/strict";
import { systemHost } from "../../../pipeline/host.ts";
import { nodesOf } from "../../../pipeline/plan/graph.ts";
import { sandboxFlags } from "../../../pipeline/run/sandbox.ts";
import { canConfine } from "../../../pipeline/run/child.ts";
import { refusalIn } from "../../../pipeline/run/refusal.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Failure } from "../../../pipeline/types.ts";
import { type Escape, ESCAPES, NETWORK, PACKAGE, READ } from "./escapes.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

/** A stage with an input that tries each of many escapes and writes down what it was told. */
const attempts = (escapes: readonly Escape[], store: string) =>
  `const STORE = ${JSON.stringify(store)}, id = (x) => x;
  export const run = async ({ inputs, outputs }) => {
    const OBJECT = STORE + "/objects/sha256/00/00";
    const said = [];
    for (const escape of [${escapes.map(([body]) => `async () => { ${body} }`).join(",\n")}]) {
      try { await escape(); said.push(null); }
      catch (error) { said.push(error.name + ": " + error.message + "\\n" + error.stack); }
    }
    await outputs.out.write(said);
  };`;

Deno.test("each escape is refused, with what was tried and the declaration to add", async (t) => {
  for (const [what, escapes] of Object.entries(ESCAPES)) {
    await t.step(what, async () => {
      using rig = Rig.create();
      rig.write({ side: attempts(escapes, rig.storeDir) });
      const outcome = outcomeOf(await rig.run(), "side");
      assert.equal(outcome.status, "ran", outcome.failure?.message);
      const store = await Store.open(rig.storeDir);
      const said: (string | null)[] = JSON.parse(
        new TextDecoder().decode(await store.readObject(outcome.outputs.out)),
      );
      for (const [i, [body, tried, mend]] of escapes.entries()) {
        assert.ok(said[i] !== null, `${body} was permitted`);
        const refusal = refusalIn(said[i], { store: rig.storeDir });
        assert.ok(refusal !== null, `${body} is told only as ${said[i]}`);
        assert.match(refusal.message, tried, `${body}\n${said[i]}`);
        assert.match(refusal.mend, mend, body);
      }
    });
  }
});

const OUTPUTS =
  `await outputs.numbers.write({ seed: 1, random: 0 }); await outputs.files.write("a/one.txt", new Uint8Array());`;
const make = (body: string) => ({
  make: `export const run = async ({ params, inputs, outputs }) => { ${body}; ${OUTPUTS} };`,
});

async function failureOf(body: string, declare: Rig["declare"] = {}): Promise<Failure> {
  using rig = Rig.create(make(body));
  rig.declare = declare;
  const outcome = outcomeOf(await rig.run(), "make");
  assert.equal(outcome.status, "failed", `${body} was permitted`);
  assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/records`)], []);
  return outcome.failure!;
}

/** Refused where a stage cannot catch it, outside its own thread, or again and again once refused. */
const ENDING: readonly Escape[] = [
  // In Deno's cache, because the engine itself uses it.
  [`await import(["npm:zod@4.6.7"].join())`, /import the package zod/, PACKAGE],
  [
    `const { createSocket } = await import("node:dgram");
     await new Promise((yes, no) => createSocket("udp4").on("error", no).send("x", 9, "127.0.0.1", yes))`,
    /connect to 0\.0\.0\.0/,
    NETWORK,
  ],
  [
    `await new Promise((yes, no) => {
       const worker = new Worker("data:text/javascript,Deno.readTextFileSync('/etc/hostname')", { type: "module" });
       worker.onerror = (e) => no(new Error(e.message)); })`,
    /read the file \/etc\/hostname/,
    READ,
  ],
];

Deno.test("what ends the process or happens in a worker is told as well", async () => {
  for (const [body, tried, mend] of ENDING) {
    const failure = await failureOf(body);
    assert.equal(failure.code, "undeclared-access", body);
    assert.match(failure.message, tried);
    assert.match(failure.mend!, mend);
  }
});

Deno.test("asking for permission is denied without a prompt, and WebGPU finds no adapter", async () => {
  using rig = Rig.create(make(`
    for (const name of ["read", "write", "net", "env", "run", "ffi", "sys"]) {
      const { state } = await Deno.permissions.request({ name });
      if (state === "granted") throw new Error(name + " was granted");
    }
    if (prompt("may I?") !== null) throw new Error("somebody answered");
    if (Deno.openKv !== undefined) throw new Error("Deno.openKv is there");
    if (await navigator.gpu?.requestAdapter()) throw new Error("WebGPU without a provider");`));
  const { failure } = outcomeOf(await rig.run(), "make");
  assert.equal(failure, undefined, failure?.message);
});

Deno.test("computing is free: eval, WebAssembly, workers, random numbers, which are seeded", async () => {
  const body = `
    if (new Function("return 1 + 1")() !== 2) throw new Error("no code at run time");
    await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    const inside = await new Promise((yes) => {
      const worker = new Worker("data:text/javascript,postMessage(Math.random())", { type: "module" });
      worker.onmessage = (e) => { worker.terminate(); yes(e.data); };
    });
    console.log(inside, Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(2)));`;
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) {
    using rig = Rig.create(make(body));
    await rig.run({ onEvent: (e) => e.type === "log" && seen.push(e.line) });
  }
  assert.equal(seen.length, 2);
  assert.equal(seen[0], seen[1]);
});

Deno.test("what one attempt keeps in the browser's storage, the next does not see", async () => {
  const body = `
    const cache = await caches.open("c"), before = await cache.match("http://x/");
    if (localStorage.getItem("k") !== null || before) throw new Error("something was left over");
    localStorage.setItem("k", "v"); await cache.put("http://x/", new Response("v"));`;
  using rig = Rig.create(make(body));
  assert.equal((await rig.run()).ok, true);
  const again = await rig.run({ force: true });
  assert.equal(again.ok, true, outcomeOf(again, "make").failure?.message);
});

/** Runs with variables set, and puts them back. */
async function withVariables<T>(
  variables: Record<string, string | undefined>,
  body: () => Promise<T>,
): Promise<T> {
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    return await body();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

Deno.test("a declared variable can be read, and its value, or that it is missing, is in the key", async () => {
  using rig = Rig.create(make(`console.log("is", Deno.env.get("RIG_SPEED"))`));
  rig.declare = { env: ["RIG_SPEED"] };
  const lines: string[] = [];
  const run = (value: string | undefined) =>
    withVariables(
      { RIG_SPEED: value },
      () => rig.run({ onEvent: (e) => e.type === "log" && lines.push(e.line) }),
    );
  assert.equal(outcomeOf(await run(undefined), "make").status, "ran");
  assert.equal(outcomeOf(await run(undefined), "make").status, "cached");
  const fast = outcomeOf(await run("fast"), "make");
  assert.equal(fast.status, "ran");
  assert.equal(fast.reason, `environment["variable RIG_SPEED"]: "(not set)" → "fast"`);
  assert.equal(outcomeOf(await run("(not set)"), "make").status, "ran");
  assert.equal(outcomeOf(await run(""), "make").status, "ran");
  assert.equal(outcomeOf(await run("fast"), "make").status, "cached");
  assert.deepEqual(lines, ["is undefined", "is fast", "is (not set)", "is "]);
});

Deno.test("only the declared variables can be read", async () => {
  const failure = await failureOf(`Deno.env.get("RIG_SPEED"); Deno.env.get("HOME")`, {
    env: ["RIG_SPEED"],
  });
  assert.match(failure.message, /environment variable HOME/);
});

const posix = { ignore: Deno.build.os === "windows" };

Deno.test({
  name: "a declared program can be started, and its bytes are in the key",
  ...posix,
  async fn() {
    const say = `new Deno.Command("rig-tool").outputSync().stdout`;
    using rig = Rig.create(make(`console.log(new TextDecoder().decode(${say}).trim())`));
    rig.declare = { programs: ["rig-tool"] };
    Deno.mkdirSync(`${rig.root}/bin`);
    const write = (word: string) =>
      Deno.writeTextFileSync(`${rig.root}/bin/rig-tool`, `#!/bin/sh\necho ${word}\n`, {
        mode: 0o755,
      });
    const lines: string[] = [];
    const run = () =>
      withVariables(
        { PATH: `${rig.root}/bin:${Deno.env.get("PATH")}` },
        () => rig.run({ onEvent: (e) => e.type === "log" && lines.push(e.line) }),
      );
    const missing = outcomeOf(await run(), "make");
    assert.equal(missing.failure?.code, "program-missing");
    assert.match(missing.failure!.message, /"rig-tool"/);
    write("one");
    assert.equal(outcomeOf(await run(), "make").status, "ran");
    assert.equal(outcomeOf(await run(), "make").status, "cached");
    write("three");
    const changed = outcomeOf(await run(), "make");
    assert.equal(changed.status, "ran");
    assert.match(
      changed.reason,
      /^environment\["program rig-tool"\]: "[0-9a-f]{64}" → "[0-9a-f]{64}"$/,
    );
    assert.deepEqual(lines, ["one", "three"]);
  },
});

Deno.test({
  name: "a program that is replaced while its stage runs spoils the result, which is not kept",
  ...posix,
  async fn() {
    using rig = Rig.create();
    // The rig's own path has a comma, which no declared program can have.
    const folder = Deno.makeTempDirSync();
    const tool = `${folder}/tool`;
    const write = (word: string) =>
      Deno.writeTextFileSync(tool, `#!/bin/sh\necho ${word}\n`, { mode: 0o755 });
    // It replaces itself, as an update of the system would.
    Deno.writeTextFileSync(tool, `#!/bin/sh\necho '#!/bin/sh' > "$0.new"\nmv "$0.new" "$0"\n`, {
      mode: 0o755,
    });
    rig.write(make(`new Deno.Command(${JSON.stringify(tool)}).outputSync()`));
    rig.declare = { programs: [tool] };
    const spoilt = outcomeOf(await rig.run(), "make");
    assert.equal(spoilt.failure?.code, "environment-changed");
    assert.match(spoilt.failure!.message, /program .*tool changed while the stage ran/);
    assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/records`)], []);
    write("steady");
    assert.equal(outcomeOf(await rig.run(), "make").status, "ran");
    Deno.removeSync(folder, { recursive: true });
  },
});

Deno.test("packages that the lock file names otherwise than the key are not used", async () => {
  using rig = Rig.create();
  const attempt = `${rig.root}/attempt`;
  const lockFile = `${rig.root}/deno.lock`;
  Deno.mkdirSync(attempt);
  const lockWith = (integrity: string) =>
    Deno.writeTextFileSync(
      lockFile,
      JSON.stringify({
        version: "5",
        specifiers: { "npm:zod@4.6.7": "4.6.7" },
        npm: { "zod@4.6.7": { integrity } },
      }),
    );
  lockWith("sha512-planned");
  const node =
    nodesOf([rig.pipeline().build({ config: { seed: 1 }, preset: "small" }).verdicts!])[0];
  const flags = () =>
    sandboxFlags(systemHost, attempt, {
      node,
      specifiers: ["npm:zod@4.6.7"],
      packages: { "zod@4.6.7": "sha512-planned" },
      provider: "cpu",
      lockFile,
    });
  assert.ok((await flags()).includes("--frozen"));
  Deno.removeSync(`${attempt}/deno.lock`);
  lockWith("sha512-of-another-length");
  await assert.rejects(flags(), /deno\.lock changed since the run was planned: zod@4\.6\.7/);
});

Deno.test({
  name: "another program than the declared one is refused",
  ...posix,
  async fn() {
    const failure = await failureOf(`new Deno.Command("ls").outputSync()`, { programs: ["cat"] });
    assert.match(failure.message, /start the program ls/);
  },
});

Deno.test({
  name: "a program has no network either, and none outlives its stage, where the kernel can do it",
  ignore: !await canConfine(),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const script = `sleep 600 >/dev/null 2>&1 & exec 3<>/dev/tcp/127.0.0.1/${port}`;
    using rig = Rig.create(make(`
      const child = new Deno.Command("bash", { args: ["-c", ${JSON.stringify(script)}],
        stdout: "null", stderr: "piped" }).outputSync();
      console.log(child.success, new TextDecoder().decode(child.stderr).includes("unreachable"))`));
    rig.declare = { programs: ["bash"] };
    const lines: string[] = [];
    const result = await rig.run({ onEvent: (e) => e.type === "log" && lines.push(e.line) });
    assert.equal(outcomeOf(result, "make").failure, undefined);
    assert.deepEqual(lines, ["false true"]);
    const sleeping = [...Deno.readDirSync("/proc")].filter(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`).startsWith("sleep\u0000600");
      } catch {
        return false;
      }
    });
    assert.deepEqual(sleeping, []);
  },
});

Deno.test("a stage that is refused leaves the others to run", async () => {
  using rig = Rig.create({ judge: `export const run = () => Deno.hostname();` });
  const result = await rig.run();
  assert.deepEqual(statuses(result), {
    make: "ran",
    judge: "failed",
    tell: "skipped",
    side: "ran",
  });
});
