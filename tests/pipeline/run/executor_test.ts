/** Attempts: the sandbox, the outputs, and what users are told when a stage fails. */

import assert from "node:assert/strict";
import { systemHost } from "../../../pipeline/host.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Failure, RunEvent } from "../../../pipeline/types.ts";
import { diskFull, faultyHost } from "../faulty_host.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

const OUTPUTS =
  `await outputs.numbers.write({ seed: 1, random: 0 }); await outputs.files.write("a/one.txt", new Uint8Array());`;

/** A `make` stage that does `body` besides writing its outputs. */
const make = (body: string) => ({
  make:
    `export const run = async ({ params, inputs, outputs, provider, threads }) => { ${body}; ${OUTPUTS} };`,
});

/** Runs a `make` stage that must fail. */
async function failureOf(body: string): Promise<Failure> {
  using rig = Rig.create(make(body));
  const outcome = outcomeOf(await rig.run(), "make");
  assert.equal(outcome.status, "failed", `${body} was permitted`);
  assert.equal(outcome.failure!.where, "make");
  assert.ok(Deno.statSync(outcome.failure!.log!).isFile);
  assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/attempts`)], []);
  return outcome.failure!;
}

Deno.test("an exception is told with its message, and its stack is in the log", async () => {
  using rig = Rig.create(make(`console.log("step one"); throw new RangeError("loss is NaN")`));
  const { failure } = outcomeOf(await rig.run(), "make");
  assert.equal(failure!.code, "stage-exit");
  assert.equal(failure!.message, "RangeError: loss is NaN");
  assert.match(Deno.readTextFileSync(failure!.log!), /^step one\nRangeError: loss is NaN\n\s+at /);
});

Deno.test("a stage that exits or never ends its work is told with its last lines", async () => {
  const exit = await failureOf(`console.error("out of luck"); Deno.exit(3)`);
  assert.equal(exit.code, "stage-exit");
  assert.match(exit.message, /ended with code 3; its last lines:\nout of luck/);
  const early = await failureOf(`console.log("bye"); Deno.exit(0)`);
  assert.match(early.message, /ended before its work was done; its last lines:\nbye/);
  assert.equal((await failureOf(`await new Promise(() => {})`)).code, "stage-exit");
});

const REFUSED: readonly (readonly [body: string, tried: RegExp, mend: RegExp])[] = [
  [`Deno.readTextFileSync("/etc/hostname")`, /read the file \/etc\/hostname/, /`inputs`/],
  [`Deno.writeTextFileSync("/tmp/x", "")`, /write the file \/tmp\/x/, /`outputs`/],
  [`Deno.writeTextFileSync("job.json", "")`, /write the file/, /`outputs`/],
  [`Deno.env.get("HOME")`, /environment variable HOME/, /`params`/],
  [`await fetch("https://example.com/")`, /connect to example\.com:443/, /npmPackage/],
  [`new Deno.Command("ls").outputSync()`, /start the program ls/, /`programs`/],
  [`Deno.dlopen("/lib/x.so", {})`, /native library \/lib\/x\.so/, /provider: true/],
  [`Deno.hostname()`, /system information \(hostname\)/, /parameter/],
];

Deno.test("undeclared access is refused with the name of what was tried and what to declare", async (t) => {
  for (const [body, tried, mend] of REFUSED) {
    await t.step(body, async () => {
      const failure = await failureOf(body);
      assert.equal(failure.code, "undeclared-access");
      assert.match(failure.message, tried);
      assert.match(failure.mend!, mend);
    });
  }
});

Deno.test("a declared output that is not written is a failure, and nothing is kept", async () => {
  using rig = Rig.create({
    make:
      `export const run = async ({ outputs }) => { await outputs.files.write("x", new Uint8Array()); };`,
  });
  const { failure } = outcomeOf(await rig.run(), "make");
  assert.equal(failure!.code, "missing-output");
  assert.match(failure!.message, /"numbers"/);
  assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/records`)], []);
});

Deno.test("files beside the declared outputs are refused by name", async () => {
  const failure = await failureOf(
    `Deno.writeTextFileSync(outputs.numbers.path.replace("numbers", "extra"), "1")`,
  );
  assert.equal(failure.code, "undeclared-output");
  assert.match(failure.message, /"extra\.json"/);
});

Deno.test("an output of the wrong form, or with a link inside, is refused", async () => {
  using rig = Rig.create({
    make: `export const run = async ({ outputs }) => {
      await Deno.mkdir(outputs.numbers.path);
      await outputs.files.write("x", new Uint8Array());
    };`,
  });
  const { failure } = outcomeOf(await rig.run(), "make");
  assert.match(failure!.message, /"numbers" is not a regular file/);
  // Deno lets no stage make links; a native library could.
  const link = await failureOf(`Deno.symlinkSync("/etc/passwd", outputs.files.path + "/link")`);
  assert.equal(link.code, "undeclared-access");
});

Deno.test("JSON outputs refuse what JSON would change without a word", async () => {
  const nan = await failureOf(`await outputs.numbers.write({ loss: [1, NaN] })`);
  assert.match(nan.message, /cannot hold NaN, found at "1"/);
  const typed = await failureOf(`await outputs.numbers.write({ w: new Float32Array(2) })`);
  assert.match(typed.message, /typed array, found at "w"/);
  const formless: readonly [string, RegExp][] = [
    ["new Map([[1, 2]])", /cannot hold a Map, .*Object\.fromEntries/],
    ["new Set([1])", /cannot hold a Set/],
    ["Promise.resolve(1)", /cannot hold a Promise, .*await it/],
    ["new ArrayBuffer(3)", /cannot hold an ArrayBuffer/],
    ["new Error('x')", /cannot hold an Error/],
    ["[undefined]", /cannot hold undefined in a list/],
    ["[() => 1]", /cannot hold a function/],
  ];
  for (const [value, message] of formless) {
    assert.match(
      (await failureOf(`await outputs.numbers.write({ w: ${value} })`)).message,
      message,
    );
  }
  // What it has a form for, or leaves out by its rules, passes.
  const fine = `{ at: new Date(0), none: null, left: undefined, own: new (class { x = 1; })() }`;
  using rig = Rig.create({
    side: `export const run = async ({ outputs }) => { await outputs.out.write(${fine}); };`,
  });
  assert.equal(statuses(await rig.run()).side, "ran");
});

Deno.test("a write that a stage does not wait for is complete all the same, or told", async () => {
  const COUNT = 2_000_000;
  const late = (write: string) => ({
    side: `export const run = async ({ outputs }) => {
      const list = Array.from({ length: ${COUNT} }, (_, i) => i);
      ${write};
      // Long enough for the file to be made.
      await new Promise((resolve) => setTimeout(resolve, 1));
    };`,
  });
  using rig = Rig.create(late("outputs.out.write(list)"));
  const outcome = outcomeOf(await rig.run(), "side");
  assert.equal(outcome.status, "ran");
  const store = await Store.open(rig.storeDir);
  const list = JSON.parse(
    new TextDecoder().decode(await store.readObject(outcome.outputs.out)),
  );
  assert.equal(list.length, COUNT);

  using full = Rig.create({
    side: `export const run = async ({ outputs }) => {
      const path = outputs.out.path;
      Deno.mkdirSync(path);
      outputs.out.write([1]);
    };`,
  });
  const failed = outcomeOf(await full.run(), "side");
  assert.equal(failed.status, "failed");
  assert.match(
    failed.failure!.message,
    /^an error that nothing in the stage handles: .*directory/i,
  );
});

Deno.test("a write that fails and is caught is no failure", async () => {
  using rig = Rig.create({
    side: `export const run = async ({ outputs }) => {
      Deno.mkdirSync(outputs.out.path);
      await outputs.out.write([1]).catch(() => {});
      Deno.removeSync(outputs.out.path);
      await outputs.out.write([2]);
    };`,
  });
  assert.equal(statuses(await rig.run()).side, "ran");
});

Deno.test("whatever a stage throws or prints is told, and nothing of it is a defect", async () => {
  const cases: readonly [string, RegExp][] = [
    ["throw null", /^Error: null$/],
    ["throw { a: 1 }", /^Error: \{"a":1\}$/],
    ["const e = new Error('m'); e.cause = e; throw e", /^Error: m$/],
    ["const e = new Error('m'); e.message = { a: 1 }; throw e", /^Error: /],
    ["Promise.reject(new Error('nobody')); await new Promise((r) => setTimeout(r, 50))", /nobody$/],
    ["await new Promise(() => {})", /waits for a promise that nothing fulfils/],
    // The protocol's mark, before what is none of its messages.
    [
      `for (const text of ["null", "5", '{"progress":null}', '{"error":null}', '{"error":{}}',
         '{"progress":{"message":{},"step":"x"}}', "{"]) {
         Deno.stdout.writeSync(new TextEncoder().encode("\\x1e" + text + "\\n"));
       }
       throw new Error("after it")`,
      /^Error: after it/,
    ],
  ];
  for (const [body, message] of cases) {
    const failure = await failureOf(body);
    assert.equal(failure.code, "stage-exit", body);
    assert.match(failure.message, message, body);
  }
});

Deno.test("a module whose run is no function says so", async () => {
  using rig = Rig.create({ side: "export const run = 5;" });
  const { failure } = outcomeOf(await rig.run(), "side");
  assert.match(failure!.message, /exports "run", but not as a function/);
  using empty = Rig.create({ side: "" });
  await assert.rejects(empty.run(), /side\.ts: the module does not export "run"/);
});

Deno.test("a line without an end, as of a progress bar, is cut", async () => {
  const BYTES = 3 << 20;
  using rig = Rig.create(make(`
    const bytes = new TextEncoder().encode("12 % \\r".repeat(1000));
    for (let sent = 0; sent < ${BYTES};) sent += Deno.stderr.writeSync(bytes);
    throw new Error("x".repeat(1 << 20));
  `));
  const lines: string[] = [];
  const outcome = outcomeOf(
    await rig.run({ onEvent: (event) => event.type === "log" && lines.push(event.line) }),
    "make",
  );
  assert.ok(lines.every((line) => line.length < 1 << 19));
  assert.ok(lines.reduce((sum, line) => sum + line.length, 0) >= BYTES);
  assert.match(outcome.failure!.message, /^Error: x{1000}/);
  assert.ok(outcome.failure!.message.length < 20_000);
});

Deno.test("a full disk inside a stage and in the engine is told with what to do", async () => {
  const inside = await failureOf(`throw new Error("No space left on device (os error 28)")`);
  assert.equal(inside.code, "no-space");
  let full = true;
  const host = faultyHost((step, path) => {
    if (full && step === "setMode" && path.includes("/outputs/")) throw diskFull();
  });
  using rig = Rig.create({}, host);
  const { failure } = outcomeOf(await rig.run(), "make");
  assert.equal(failure!.code, "no-space");
  assert.match(failure!.mend!, /Free space/);
  full = false;
  assert.equal((await rig.run()).ok, true);
});

Deno.test("a stage that is killed is told as probably out of memory", async () => {
  let child: Deno.ChildProcess;
  const spawn = (...args: Parameters<typeof systemHost.spawn>) => child = systemHost.spawn(...args);
  const body = `console.log("go"); await new Promise((r) => setTimeout(r, 60000))`;
  using rig = Rig.create(make(body), { ...systemHost, spawn });
  const onEvent = (event: RunEvent) => event.type === "log" && child.kill("SIGKILL");
  const { failure } = outcomeOf(await rig.run({ onEvent }), "make");
  assert.equal(failure!.code, "killed");
  assert.match(failure!.message, /memory/);
});

Deno.test("ONNX Runtime that cannot load is told with the way round it", async () => {
  const failure = await failureOf(
    `throw new Error("Cannot find module '../bin/napi-v6/x/onnxruntime_binding.node'")`,
  );
  assert.equal(failure.code, "onnxruntime");
  assert.match(failure.mend!, /--provider wasm/);
});

Deno.test("progress and log lines arrive, and the log is kept as an object", async () => {
  using rig = Rig.create();
  const events: RunEvent[] = [];
  const result = await rig.run({ onEvent: (e) => events.push(e) });
  assert.equal(result.ok, true);
  const lines = events.flatMap((e) => e.type === "log" ? [e.line] : []);
  assert.deepEqual(lines, ["made 1"]);
  const progress = events.flatMap((e) => e.type === "progress" ? [e.progress] : []);
  assert.deepEqual(progress, [{ step: 1, steps: 1, message: "making" }]);
  assert.deepEqual([...Deno.readDirSync(`${rig.storeDir}/logs`)], []);
});

Deno.test("the seed is fixed, and locale and time zone are the same everywhere", async () => {
  const source =
    `console.log(new Intl.NumberFormat().resolvedOptions().locale, new Date(0).getHours());
    console.log(Math.random() + crypto.randomUUID())`;
  const seen: string[] = [];
  for (const locale of ["de_DE.UTF-8", "C"]) {
    const before = { LANG: Deno.env.get("LANG"), TZ: Deno.env.get("TZ") };
    Deno.env.set("LANG", locale);
    Deno.env.set("TZ", locale === "C" ? "UTC" : "Asia/Tokyo");
    try {
      using rig = Rig.create(make(source));
      const lines: string[] = [];
      await rig.run({ onEvent: (e) => e.type === "log" && lines.push(e.line) });
      seen.push(lines.join("\n"));
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  }
  assert.match(seen[0], /^en-US 0\n0\.\d+/);
  assert.equal(seen[0], seen[1]);
});

Deno.test("a failing stage leaves what does not depend on it to finish", async () => {
  using rig = Rig.create({ judge: `export const run = () => { throw new Error("no") };` });
  const result = await rig.run();
  assert.deepEqual(statuses(result), {
    make: "ran",
    judge: "failed",
    tell: "skipped",
    side: "ran",
  });
  assert.equal(result.ok, false);
  assert.match(outcomeOf(result, "tell").reason, /needs judge, which failed/);
});

Deno.test("a stage sees the names of its parameters in an order that the key knows", async () => {
  using rig = Rig.create(
    make(
      `console.log(Object.keys(params).join(), Object.keys(params.weights).join(), Object.keys(outputs).join())`,
    ),
  );
  const seen: string[] = [];
  for (const weights of [{ b: 1, a: [{ d: 1, c: 2 }] }, { a: [{ c: 2, d: 1 }], b: 1 }]) {
    rig.params = { weights };
    const onEvent = (event: RunEvent) => {
      if (event.type === "log") seen.push(event.line);
    };
    assert.equal(outcomeOf(await rig.run({ force: true, onEvent }), "make").status, "ran");
  }
  assert.deepEqual(seen, Array(2).fill("seed,weights a,b files,numbers"));
});
