/** The paper with a list, shown in the page on pipelines, type-checks, runs, and reruns what the page says. */

import assert from "node:assert/strict";
import { filesOfPage } from "./page_files.ts";
import { Rig } from "./rig.ts";

Deno.test("a node for each item of a list, as the page shows it", async () => {
  const files = await filesOfPage("pipelines.md");
  await using rig = await Rig.create(files);
  const types = await new Deno.Command(Deno.execPath(), {
    args: ["check", "stages/words"],
    cwd: rig.dir,
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(types.success, new TextDecoder().decode(types.stderr));

  const ran = async () => {
    const { code, out, err } = await rig.cli("reproduce", "words", "--json");
    assert.equal(code, 0, err);
    const { stages } = JSON.parse(out) as { stages: { id: string; status: string }[] };
    return stages.filter(({ status }) => status === "ran").map(({ id }) => id).sort();
  };
  assert.deepEqual(await ran(), ["add", "count[line-0]", "count[line-1]", "split"]);
  await rig.edit("stages/words/config.yaml", "or not\n", "or not\n      that is the question\n");
  assert.deepEqual(await ran(), ["add", "count[line-2]", "split"]);
  assert.equal((await rig.read("artifacts/results/words-small/sum.json")).trim(), "8");
});

Deno.test("to keep what each() makes is refused with what to do instead", async () => {
  await using rig = await Rig.create(await filesOfPage("pipelines.md"));
  await rig.edit("stages/words/pipeline.ts", "keep: { sum }", "keep: { sum, counts }");
  const { code, err } = await rig.cli("explain", "words");
  assert.equal(code, 2);
  assert.match(err, /build returns what each\(\) makes as "keep\.counts"\n.*many\(kind\)/);
});
