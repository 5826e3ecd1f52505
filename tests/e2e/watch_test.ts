/** `deno task watch`: real edits, errors on the way, and how it ends. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

const waiting = (runs: number) =>
  `Waiting for changes (${runs} run${runs === 1 ? "" : "s"} so far)`;

Deno.test("watch runs again what a save concerns, survives errors, and ends with 130", async () => {
  await using rig = await Rig.create();
  const watch = rig.start("watch", "toy");
  await watch.shows(waiting(1));
  await rig.edit("stages/toy/config.yaml", "factor: 2", "factor: -2");
  await watch.shows(waiting(2));
  await rig.edit("stages/toy/times.ts", "return x * factor;", "return x * factor");
  await watch.shows(waiting(3));
  await rig.edit("stages/toy/config.yaml", "factor: -2", "factor: fast");
  await watch.shows(waiting(4));
  await rig.edit("stages/toy/config.yaml", "factor: fast", "factor: 7");
  await rig.edit("stages/toy/times.ts", "return x", "return x +* y");
  await watch.shows(waiting(5));
  await rig.edit("stages/toy/times.ts", "return x +* y", "return x");
  await watch.shows(waiting(6));
  // What editors leave, results, and reading are no changes.
  await rig.write("stages/toy/.times.ts.swp", "x");
  await rig.write("stages/toy/times.ts~", "x");
  await rig.write("artifacts/note.txt", "x");
  await rig.read("stages/toy/times.ts");
  await rig.edit("stages/toy/config.yaml", "factor: 7", "factor: 8");
  await watch.shows(waiting(7));
  watch.kill("SIGINT");
  const { code, out, err } = await watch.ended;
  assert.equal(code, 130, err);
  assert.match(err, /^Changed: stages\/toy\/config\.yaml$/m);
  assert.doesNotMatch(err, /Changed: .*(swp|~|artifacts)/);
  assert.match(err, /config\.yaml:\d+:\d+: presets\.small: factor: expected number/);
  assert.equal(out.match(/reproduced/g)!.length >= 4, true);
  const { runs } = JSON.parse((await rig.cli("runs", "--json")).out);
  assert.deepEqual(
    runs.map(({ counts: { ran, cached } }: { counts: Record<string, number> }) => [ran, cached]),
    [[5, 1], [5, 1], [0, 6], [5, 1], [6, 0]],
  );
});

Deno.test("watch --restart stops a run that a save overtakes", async () => {
  await using rig = await Rig.create();
  await rig.edit("stages/toy/config.yaml", "wait: 0", "wait: 1000");
  const watch = rig.start("watch", "toy", "--preset", "smoke", "--restart");
  await watch.shows("start  scale");
  await rig.edit("stages/toy/config.yaml", "wait: 1000", "wait: 0");
  await watch.shows("Starting anew");
  await watch.shows(waiting(2));
  watch.kill("SIGINT");
  assert.equal((await watch.ended).code, 130);
  const { runs } = JSON.parse((await rig.cli("runs", "--json")).out);
  assert.deepEqual(runs.map((r: { outcome: string }) => r.outcome), ["done", "stopped"]);
});

Deno.test("watch says at once that there is no such paper", async () => {
  await using rig = await Rig.create();
  const { code, err } = await rig.cli("watch", "toyy");
  assert.equal(code, 2);
  assert.match(err, /toy/);
});
