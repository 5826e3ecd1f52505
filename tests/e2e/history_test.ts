/** `runs`, `compare` and `log` through the real command line. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

Deno.test("runs, compare and log tell what happened", async () => {
  await using rig = await Rig.create();
  const none = await rig.cli("runs");
  assert.equal(none.code, 2);
  assert.match(none.err, /there is no store here/);

  await rig.cli("reproduce", "toy");
  await rig.cli("reproduce", "toy");
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: -3");
  await rig.edit("stages/toy/times.ts", "return x * factor", "return factor * x");
  await rig.cli("reproduce", "toy");
  await rig.edit("stages/toy/config.yaml", "broken: []", "broken: [2]");
  const failed = await rig.cli("reproduce", "toy");
  assert.equal(failed.code, 1);
  await rig.cli("reproduce", "toy", "--preset", "smoke", "--only", "numbers");

  const { runs, more } = JSON.parse((await rig.cli("runs", "--json")).out);
  assert.equal(more, false);
  assert.deepEqual(
    runs.map((r: Record<string, unknown>) => [r.preset, r.outcome, r.partial, r.counts]),
    [
      ["smoke", "done", "--only numbers", { ran: 0, cached: 1, failed: 0, skipped: 0 }],
      ["small", "failed", null, { ran: 0, cached: 3, failed: 1, skipped: 2 }],
      ["small", "done", null, { ran: 5, cached: 1, failed: 0, skipped: 0 }],
      ["small", "done", null, { ran: 0, cached: 6, failed: 0, skipped: 0 }],
      ["small", "done", null, { ran: 6, cached: 0, failed: 0, skipped: 0 }],
    ],
  );
  assert.equal(runs[0].command, "deno task reproduce toy --preset smoke --only numbers");
  assert.equal(runs[2].verdicts[0].verdict, "not reproduced");
  const table = await rig.cli("runs", "toy", "--limit", "2");
  assert.match(table.out, new RegExp(`^Run .*\\n─.*\\n${runs[0].id}  .*\\n${runs[1].id} `));
  assert.match(table.out, /The newest 2 runs; --limit shows more/);

  const [third, second, first] = runs.slice(2).map((r: { id: string }) => r.id);
  const same = await rig.cli("compare", first, second);
  assert.match(same.out, /The same parameters, metrics, verdicts and stages/);
  const different = await rig.cli("compare", first.slice(0, 6), third);
  assert.match(different.out, /^Parameters\n {2}factor: 2 → -3$/m);
  assert.match(different.out, /^Verdicts\n {2}sum-is-positive: reproduced → not reproduced$/m);
  assert.match(different.out, /^Stages \(5 differ, 1 the same\)$/m);
  assert.match(different.out, /^ {2}scale ×3: stages\/toy\/times\.ts changed: times$/m);
  assert.match(different.out, /^sum-is-positive\.effect +120 +−\d+ +−\d+ +−\d+ %$/m);
  const json = JSON.parse((await rig.cli("compare", first, third, "--json")).out);
  assert.deepEqual(json.params, [{ name: "factor", before: 2, after: -3 }]);
  assert.deepEqual(json.verdicts, [
    { name: "sum-is-positive", before: "reproduced", after: "not reproduced" },
  ]);
  assert.deepEqual([json.before.id, json.after.id], [first, third]);
  // The newest run is of another preset: `last` counts runs that are like the other one.
  const last = JSON.parse((await rig.cli("compare", third, "last", "--json")).out);
  assert.equal(last.after.id, runs[1].id);
  assert.match(
    last.stages.find((s: { id: string }) => s.id === "scale[2]").why,
    /no result in the second run/,
  );
  const unknown = await rig.cli("compare", "zz", "last");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /there is no run "zz"/);

  const log = await rig.cli("log", "toy", "scale[2]");
  assert.match(log.out, /^scale\[2\] {2}failed {2}run /);
  assert.match(log.out, /scaling by -3\n[^]*this seed is broken/);
  const fine = await rig.cli("log", "toy", "scale[1]");
  assert.match(fine.out, /^scale\[1\] {2}done before {2}run .*finished/);
  assert.match(fine.out, /\n\nscaling by -3\n$/);
  const silent = JSON.parse((await rig.cli("log", "toy", "numbers", "--json")).out);
  assert.deepEqual([silent.node, silent.status, silent.log], ["numbers", "cached", ""]);
  for (const [name, said] of [["scale", /there are scale\[1\], scale\[2\]/], ["totl", /"total"/]]) {
    const wrong = await rig.cli("log", "toy", name as string);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, said as RegExp);
  }
});
