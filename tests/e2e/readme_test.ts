/** The pipeline in README.md is what it says: it type-checks, runs, and its second run runs nothing. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

/** Code blocks that begin with a comment naming a file under stages/. */
function filesIn(markdown: string): Record<string, string> {
  const blocks = markdown.matchAll(/^```\w+\n(?:\/\/|#) (stages\/\S+)\n([^]*?)^```$/gm);
  return Object.fromEntries([...blocks].map(([_, path, code]) => [path, code]));
}

Deno.test("the pipeline in README.md type-checks, runs, and is cached", async () => {
  const files = filesIn(await Deno.readTextFile(new URL("../../README.md", import.meta.url)));
  assert.deepEqual(Object.keys(files).sort(), [
    "stages/coin/config.yaml",
    "stages/coin/judge.ts",
    "stages/coin/pipeline.ts",
    "stages/coin/toss.ts",
  ]);
  await using rig = await Rig.create(files);
  const types = await new Deno.Command(Deno.execPath(), {
    args: ["check", "stages/coin"],
    cwd: rig.dir,
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(types.success, new TextDecoder().decode(types.stderr));
  const first = await rig.cli("reproduce", "coin");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /half-are-heads +reproduced/);
  assert.match((await rig.cli("reproduce", "coin")).out, /nothing to run, 5 nodes cached/);
});
