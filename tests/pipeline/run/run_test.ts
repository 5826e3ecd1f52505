/** Whole runs: repeatability, damage, kills, concurrent runs, cancelling. */

import assert from "node:assert/strict";
import type { RunResult } from "../../../pipeline/run/run.ts";
import { pastRuns } from "../../../pipeline/history/past_run.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Outcome, RunEvent } from "../../../pipeline/types.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

const ALL_CACHED = { make: "cached", judge: "cached", tell: "cached", side: "cached" };
const ALL_RAN = { make: "ran", judge: "ran", tell: "ran", side: "ran" };

const digests = (outcomes: readonly Outcome[]) =>
  Object.fromEntries(outcomes.map(({ id, outputs }) => [id, outputs]));

/** Digests that an undisturbed run gives. */
async function undisturbed(sources: Parameters<typeof Rig.create>[0] = {}) {
  using rig = Rig.create(sources);
  return digests((await rig.run()).outcomes);
}

/** Changes a stored output in place. */
async function damage(
  rig: Rig,
  digest: string,
  how: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const path = (await Store.open(rig.storeDir)).objectPath(digest);
  const bytes = Deno.readFileSync(path);
  Deno.chmodSync(path, 0o644);
  Deno.writeFileSync(path, how(bytes));
}
const flip = (bytes: Uint8Array) => (bytes[bytes.length >> 1] ^= 4, bytes);
const truncate = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1);

/** Starts a run in a process of its own. */
function spawn(rig: Rig, ...args: string[]): Deno.ChildProcess {
  const script = new URL("./run_rig_process.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, rig.root, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("run() runs everything once, then nothing, and reads verdicts and report", async () => {
  using rig = Rig.create();
  const first = await rig.run();
  assert.deepEqual(statuses(first), ALL_RAN);
  assert.equal(first.verdicts[0].claim, "c");
  assert.equal(first.sections[0].id, "s");
  const started: RunEvent[] = [];
  const second = await rig.run({ onEvent: (e) => e.type === "started" && started.push(e) });
  assert.deepEqual(statuses(second), ALL_CACHED);
  assert.deepEqual(started, []);
  assert.deepEqual(second.verdicts, first.verdicts);
  assert.equal([...pastRuns({ dir: rig.storeDir })].length, 2);
});

Deno.test("run() gives the same bytes in another place and when forced", async () => {
  using rig = Rig.create();
  const first = digests((await rig.run()).outcomes);
  const forced = await rig.run({ force: true });
  assert.deepEqual(statuses(forced), ALL_RAN);
  assert.deepEqual(digests(forced.outcomes), first);
  assert.deepEqual(await undisturbed(), first);
});

Deno.test("run() stops a change where the bytes stay the same", async () => {
  const judge = (claim: string) =>
    `export const run = ({ outputs }) => outputs.verdicts.write([{
      claim: ${claim}, statement: "", source: "", verdict: "inconclusive", test: "", statistic: 0,
      p: 1, effect: 0, interval: [0, 0], n: 1, paper: null, control: false, explanation: "",
    }]);`;
  using rig = Rig.create({ judge: judge(`"c"`) });
  await rig.run();
  rig.write({ judge: judge(`["c"].join()`) });
  assert.deepEqual(statuses(await rig.run()), { ...ALL_CACHED, judge: "ran" });
});

Deno.test("run() explains why a node runs", async () => {
  using rig = Rig.create();
  await rig.run();
  const result = await rig.run({ seed: 2 });
  assert.match(outcomeOf(result, "make").reason, /seed: 1 → 2/);
  assert.deepEqual(statuses(await rig.run({ seed: 1 })), ALL_CACHED);
  assert.match(outcomeOf(await rig.run({ seed: 3 }), "make").reason, /seed: 1 → 3/);
});

for (const [name, how] of Object.entries({ truncated: truncate, flipped: flip })) {
  Deno.test(`run() rebuilds a ${name} verdict`, async () => {
    using rig = Rig.create();
    const first = await rig.run();
    await damage(rig, outcomeOf(first, "judge").outputs.verdicts, how);
    const second = await rig.run();
    assert.equal(outcomeOf(second, "judge").status, "ran");
    assert.deepEqual(digests(second.outcomes), digests(first.outcomes));
    assert.deepEqual(second.verdicts, first.verdicts);
  });

  Deno.test(`run() rebuilds a ${name} input before a stage reads it`, async () => {
    using rig = Rig.create();
    const first = await rig.run();
    await damage(rig, outcomeOf(first, "make").outputs.numbers, how);
    rig.write({
      side: `export const run = async ({ inputs, outputs }) => {
        await outputs.out.write((await inputs.numbers.read()).seed + 100);
      };`,
    });
    const second = await rig.run();
    assert.equal(second.ok, true, JSON.stringify(second.outcomes));
    assert.deepEqual(statuses(second), { ...ALL_CACHED, make: "ran", side: "ran" });
    assert.deepEqual(outcomeOf(second, "make").outputs, outcomeOf(first, "make").outputs);
  });
}

Deno.test("run() rebuilds a damaged member of a tree, also below another damaged object", async () => {
  using rig = Rig.create();
  const first = await rig.run();
  const store = await Store.open(rig.storeDir);
  const [one] = store.treeFiles(outcomeOf(first, "make").outputs.files);
  await damage(rig, one.digest, flip);
  await damage(rig, outcomeOf(first, "judge").outputs.verdicts, flip);
  const second = await rig.run();
  assert.deepEqual(digests(second.outcomes), digests(first.outcomes));
  assert.equal(outcomeOf(second, "make").reason, "a stored output was damaged");
});

/** A `make` that is slow after the first half of its outputs. */
const SLOW = {
  make: `export const run = async ({ params, outputs }) => {
    await outputs.numbers.write({ seed: params.seed, random: Math.random() });
    console.log("half");
    await new Promise((r) => setTimeout(r, 1500));
    await outputs.files.write("a/one.txt", new TextEncoder().encode("late"));
  };`,
};

/** Waits for a line of a process. */
async function untilLine(child: Deno.ChildProcess, line: string): Promise<void> {
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.split("\n").includes(line)) return;
  }
  throw new Error(`the process ended without ${line}: ${text}`);
}

/** Processes of this machine whose command line contains `text`. */
function processesWith(text: string): string[] {
  return [...Deno.readDirSync("/proc")].map((e) => e.name).filter((name) => {
    if (!/^\d+$/.test(name) || name === String(Deno.pid)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false;
    }
  });
}

Deno.test({
  name:
    "kill -9 in the middle of a stage takes the stage along; a plain re-run gives the same bytes",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using rig = Rig.create(SLOW);
    const child = spawn(rig);
    await untilLine(child, "half");
    child.kill("SIGKILL");
    await child.status;
    for (let i = 0; processesWith(`${rig.storeDir}/attempts`).length > 0; i++) {
      assert.ok(i < 100, "the stage's process lives on");
      await new Promise((r) => setTimeout(r, 10));
    }
    const again = await rig.run();
    assert.deepEqual(statuses(again), ALL_RAN);
    assert.deepEqual(digests(again.outcomes), await undisturbed(SLOW));
  },
});

Deno.test("kills at many steps of the engine never need more than a plain re-run", async () => {
  using rig = Rig.create();
  const wanted = await undisturbed();
  let killed = 0;
  for (const step of [9, 14, 21, 26, 31, 34, 37, 40, 47]) {
    const { signal } = await spawn(rig, String(step)).output();
    if (signal === "SIGKILL") killed++;
    const store = await Store.open(rig.storeDir);
    for (const folder of Deno.readDirSync(`${store.dir}/records`)) {
      for (const file of Deno.readDirSync(`${store.dir}/records/${folder.name}`)) {
        const record = store.hit(folder.name + file.name.replace(".json", ""));
        assert.ok(record, `after step ${step} a record is there without its objects`);
        for (const entry of Object.values(record.outputs)) await store.verifyEntry(entry);
      }
    }
  }
  assert.ok(killed >= 6, `only ${killed} runs were killed`);
  const result = await rig.run();
  assert.deepEqual(digests(result.outcomes), wanted);
});

Deno.test("two runs at once on one store compute each key once", async () => {
  using rig = Rig.create(SLOW);
  const outputs = await Promise.all([spawn(rig), spawn(rig)].map((child) => child.output()));
  const outcomes = outputs.map(({ stdout }) =>
    JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!) as Outcome[]
  );
  for (const id of ["make", "judge", "tell", "side"]) {
    const ran = outcomes.map((list) => list.find((o) => o.id === id)!.status);
    assert.deepEqual(ran.toSorted(), ["cached", "ran"], id);
  }
  assert.deepEqual(digests(outcomes[0]), digests(outcomes[1]));
});

Deno.test("aborting stops what runs, starts nothing more, and keeps what is finished", async () => {
  const judge = `export const run = async () => {
    console.log("judging"); await new Promise((r) => setTimeout(r, 60000));
  };`;
  using rig = Rig.create({ judge });
  const controller = new AbortController();
  const result: RunResult = await rig.run({
    jobs: 1,
    signal: controller.signal,
    onEvent: (e) => e.type === "log" && e.line === "judging" && controller.abort(),
  });
  assert.equal(outcomeOf(result, "make").status, "ran");
  assert.equal(outcomeOf(result, "judge").failure!.code, "cancelled");
  assert.equal(outcomeOf(result, "tell").status, "skipped");
  assert.equal(outcomeOf(result, "side").status, "skipped");
  rig.write({ judge: `export const run = ({ outputs }) => outputs.verdicts.write([]);` });
  const again = await rig.run();
  assert.deepEqual(statuses(again), { ...ALL_RAN, make: "cached" });
});

Deno.test("a run that is aborted before it starts runs nothing and says so", async () => {
  using rig = Rig.create();
  const result = await rig.run({ signal: AbortSignal.abort() });
  assert.equal(result.ok, false);
  assert.ok(result.outcomes.every(({ status }) => status === "skipped"));
});

Deno.test("attempts of dead processes are swept, those of live ones are not", async () => {
  using rig = Rig.create();
  const store = await Store.open(rig.storeDir);
  for (const name of ["dead", "live"]) {
    Deno.mkdirSync(`${store.dir}/attempts/${name}`);
    Deno.writeTextFileSync(`${store.dir}/attempts/${name}/lock`, "");
    Deno.utimeSync(`${store.dir}/attempts/${name}`, 1e9, 1e9);
  }
  using lock = Deno.openSync(`${store.dir}/attempts/live/lock`, { write: true });
  lock.lockSync(true);
  await rig.run();
  assert.deepEqual([...Deno.readDirSync(`${store.dir}/attempts`)].map((e) => e.name), ["live"]);
});

Deno.test("run() makes a target again that goes between the look at it and the reading", async () => {
  using rig = Rig.create();
  const first = await rig.run();
  const { key, outputs } = outcomeOf(first, "tell");
  let gone = false;
  const again = await rig.run({
    onEvent(event) {
      // As `gc` of another process does, which removes the record first.
      if (gone || event.type !== "finished" || event.node.id !== "tell") return;
      gone = true;
      Deno.removeSync(`${rig.storeDir}/records/${key!.slice(0, 2)}/${key!.slice(2)}.json`);
      const digest = outputs.report;
      Deno.removeSync(`${rig.storeDir}/objects/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`);
    },
  });
  assert.ok(gone && again.ok);
  assert.equal(outcomeOf(again, "tell").status, "ran");
  assert.deepEqual(outcomeOf(again, "tell").outputs, outputs);
  assert.deepEqual(again.sections, first.sections);
});
