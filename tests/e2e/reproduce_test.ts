/** The command line on a real project: what runs, what does not, and what is said. */

import assert from "node:assert/strict";
import { byStatus, parse, type ReproduceJson } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

/** Runs toy and says which nodes had which status. */
async function reproduce(rig: Rig, ...options: string[]): Promise<Record<string, string[]>> {
  const ended = await rig.cli("reproduce", "toy", "--json", ...options);
  assert.equal(ended.code, 0, ended.err);
  return byStatus(parse(ended));
}

const all = ["numbers", "scale[1]", "scale[2]", "scale[3]", "total", "judge"];

Deno.test("a first run runs everything, a second nothing, through deno task", async () => {
  await using rig = await Rig.create();
  const first = await rig.task("reproduce", "toy");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /6 ran, 0 cached/);
  assert.match(first.out, /sum-is-positive +reproduced +120 +\[0, 240\] +0\.01 +1/);
  assert.match(first.out, /^scale +3 +0 /m);
  assert.match(first.out, /Report: artifacts\/reports\/toy-small\.html/);
  assert.match(first.err, /done +scale\[2\]/);
  const page = await rig.read("artifacts/reports/toy-small.html");
  assert.match(page, /<p>120<\/p>/);

  const second = await rig.task("reproduce", "--", "toy");
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /nothing to run, 6 nodes cached/);
  assert.match(second.out, /sum-is-positive +reproduced/);
  assert.equal(await rig.read("artifacts/reports/toy-small.html"), page);
});

Deno.test("--json prints one object of the documented shape", async () => {
  await using rig = await Rig.create();
  const first = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(first.stages.map((s) => s.id).sort(), [...all].sort());
  assert.ok(first.stages.every((s) => s.status === "ran" && s.key !== null));
  assert.deepEqual(first.verdicts.map((v) => [v.claim, v.verdict, v.effect]), [
    ["sum-is-positive", "reproduced", 120],
  ]);
  assert.ok((await Deno.stat(first.report!)).isFile);
  const second = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.ok(second.stages.every((s) => s.status === "cached"));
  const keys = (r: ReproduceJson) => r.stages.map((s) => [s.key, s.outputs]);
  assert.deepEqual(keys(second), keys(first));
  assert.deepEqual(second.verdicts, first.verdicts);
});

Deno.test("comments, formatting and unused code run nothing", async () => {
  await using rig = await Rig.create();
  await reproduce(rig);
  await rig.edit("stages/toy/times.ts", "// A comment.", "// Another\n  // comment.");
  await rig.edit("stages/toy/times.ts", "return x * factor;", "return (x\n    * factor);");
  await rig.edit("stages/toy/times.ts", "nobody calls this", "really nobody");
  assert.deepEqual(await reproduce(rig), { cached: all });
});

Deno.test("an edited helper runs what reaches it, and what reads changed bytes", async () => {
  await using rig = await Rig.create();
  await reproduce(rig);
  await rig.edit("stages/toy/times.ts", "x * factor", "x * factor + 1");
  assert.deepEqual(await reproduce(rig), { cached: ["numbers"], ran: all.slice(1) });
  // Other code, same bytes: what is downstream stays cached.
  await rig.edit("stages/toy/offset.ts", "i + 1", "1 + Math.abs(i)");
  assert.deepEqual(await reproduce(rig), { ran: ["numbers"], cached: all.slice(1) });
});

Deno.test("a changed parameter runs what it reaches, a new seed only itself", async () => {
  await using rig = await Rig.create();
  await reproduce(rig);
  await rig.edit("stages/toy/config.yaml", "[1, 2, 3]", "[1, 2, 3, 4]");
  assert.deepEqual(await reproduce(rig), {
    cached: ["numbers", "scale[1]", "scale[2]", "scale[3]"],
    ran: ["scale[4]", "total", "judge"],
  });
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: 3");
  assert.deepEqual((await reproduce(rig)).cached, ["numbers"]);
});

Deno.test("--dry-run says what then happens", async () => {
  await using rig = await Rig.create();
  await reproduce(rig);
  await rig.edit("stages/toy/config.yaml", "[1, 2, 3]", "[3, 4]");
  const dry = parse(await rig.cli("reproduce", "toy", "--dry-run", "--json"));
  assert.equal(dry.dryRun, true);
  assert.deepEqual(byStatus(dry), {
    "cached": ["numbers", "scale[3]"],
    "would-run": ["scale[4]"],
    "pending": ["total", "judge"],
  });
  assert.equal(dry.report, null);
  const again = parse(await rig.cli("reproduce", "toy", "--dry-run", "--json"));
  assert.deepEqual(again.stages, dry.stages);
  const real = parse(await rig.cli("reproduce", "toy", "--json"));
  assert.deepEqual(byStatus(real), {
    cached: ["numbers", "scale[3]"],
    ran: ["scale[4]", "total", "judge"],
  });
  for (const s of dry.stages) {
    const key = real.stages.find((r) => r.id === s.id)?.key;
    if (s.key !== null) assert.equal(s.key, key);
  }
});

Deno.test("--force runs everything and gives the same bytes", async () => {
  await using rig = await Rig.create();
  const outputs = (r: ReproduceJson) => r.stages.map((s) => [s.id, s.outputs]);
  const first = parse(await rig.cli("reproduce", "toy", "--json"));
  const forced = parse(await rig.cli("reproduce", "toy", "--json", "--force"));
  assert.deepEqual(byStatus(forced), { ran: all });
  assert.deepEqual(outputs(forced), outputs(first));
});

Deno.test("--preset, --store and --quiet do what they say", async () => {
  await using rig = await Rig.create();
  const ended = await rig.cli(
    "reproduce",
    "toy",
    "--preset",
    "smoke",
    "--store",
    "elsewhere",
    "--quiet",
  );
  assert.equal(ended.code, 0, ended.err);
  assert.equal(ended.err, "");
  assert.match(ended.out, /toy · smoke · .*4 ran/);
  assert.ok((await Deno.stat(`${rig.dir}/elsewhere/objects`)).isDirectory);
  await assert.rejects(Deno.stat(`${rig.dir}/artifacts/store`), Deno.errors.NotFound);
});

Deno.test("a failing stage stops what depends on it, is explained, and can be resumed", async () => {
  await using rig = await Rig.create();
  await rig.edit("stages/toy/config.yaml", "broken: []", "broken: [2]");
  const failed = await rig.cli("reproduce", "toy");
  assert.equal(failed.code, 1);
  assert.match(failed.out, /: 3 ran, 0 cached, 1 failed \(/);
  assert.match(failed.err, /✗ scale\[2\]/);
  assert.match(failed.err, /this seed is broken/);
  assert.match(failed.err, /To go on from there: deno task reproduce toy/);
  assert.doesNotMatch(failed.err + failed.out, /^\s+at .*\.ts/m);
  const log = /log: (\S+)/.exec(failed.err)?.[1];
  assert.ok(log, failed.err);
  assert.match(
    await Deno.readTextFile(log.startsWith("/") ? log : `${rig.dir}/${log}`),
    /scaling by 2/,
  );

  const json = await rig.cli("reproduce", "toy", "--json");
  assert.equal(json.code, 1);
  const statuses = byStatus(parse(json));
  assert.deepEqual(statuses.failed, ["scale[2]"]);
  assert.deepEqual(statuses.skipped, ["total", "judge"]);
  assert.equal(parse(json).report, null);

  await rig.edit("stages/toy/config.yaml", "broken: [2]", "broken: []");
  assert.deepEqual(await reproduce(rig), {
    cached: ["numbers", "scale[1]", "scale[3]"],
    ran: ["scale[2]", "total", "judge"],
  });
});

Deno.test("Ctrl-C keeps what is finished; the next run goes on from there", async () => {
  await using rig = await Rig.create();
  await rig.edit("stages/toy/config.yaml", "wait: 0", "wait: 1.5");
  const running = rig.start("reproduce", "toy", "--jobs", "1");
  await running.shows("done   scale[1]");
  running.kill("SIGINT");
  const ended = await running.ended;
  assert.equal(ended.code, 130, ended.err);
  assert.match(ended.err, /Finished stages are kept/);
  assert.match(ended.err, /deno task reproduce toy/);
  const dry = parse(await rig.cli("reproduce", "toy", "--jobs", "1", "--dry-run", "--json"));
  assert.deepEqual(byStatus(dry).cached, ["numbers", "scale[1]"]);
  const resumed = await reproduce(rig, "--jobs", "1");
  assert.deepEqual(resumed.cached, ["numbers", "scale[1]"]);
  assert.deepEqual(resumed.ran, ["scale[2]", "scale[3]", "total", "judge"]);
});
