/** The tutorial is what it says: its files type-check and run, and each edit it names does what it says. */

import assert from "node:assert/strict";
import { filesOfPage } from "./page_files.ts";
import { Rig } from "./rig.ts";

Deno.test("the pipeline of the tutorial type-checks, runs, and reruns what the page says", async (t) => {
  const files = await filesOfPage("tutorial.md");
  assert.deepEqual(Object.keys(files).map((path) => path.split("/").at(-1)), [
    "heights.csv",
    "pipeline.ts",
    "config.yaml",
    "clean.ts",
    "fit.ts",
    "judge.ts",
  ]);
  await using rig = await Rig.create(files);
  const folder = "stages/heights";
  await t.step("it type-checks", async () => {
    const types = await new Deno.Command(Deno.execPath(), {
      args: ["check", folder],
      cwd: rig.dir,
      env: { NO_COLOR: "1" },
    }).output();
    assert.ok(types.success, new TextDecoder().decode(types.stderr));
  });
  await t.step("it runs", async () => {
    const { code, out, err } = await rig.cli("reproduce", "heights");
    assert.equal(code, 0, err);
    assert.match(out, /tall-parents-tall-children +reproduced/);
    const rows = JSON.parse(await rig.read("artifacts/results/heights-small/rows.json"));
    assert.equal(rows.length, 11);
    assert.match((await rig.cli("reproduce", "heights")).out, /nothing to run/);
    assert.match((await rig.cli("log", "heights", "clean")).out, /1 of 12 rows dropped/);
  });
  const edits: [what: string, file: string, before: string, after: string, said: RegExp][] = [
    ["a comment", "fit.ts", "let state", "// why\n\n  let state", /Nothing would run/],
    [
      "a parameter",
      "config.yaml",
      "shuffles: 10000",
      "shuffles: 20000",
      /fit +would run\n[^]*params\.shuffles: 10000 → 20000/,
    ],
    [
      "a function",
      "fit.ts",
      "across / x.reduce",
      "across * 1 / x.reduce",
      /fit\.ts changed: slopeOf/,
    ],
    ["a height", "heights.csv", "163,165", "163,164", /clean +would run\n[^]*table/],
  ];
  for (const [what, file, before, after, said] of edits) {
    await t.step(`an edit of ${what}`, async () => {
      await rig.edit(`${folder}/${file}`, before, after);
      assert.match((await rig.cli("explain", "heights")).out, said);
      await rig.edit(`${folder}/${file}`, after, before);
    });
  }
  await t.step("an edit of a dropped row stops at the rows", async () => {
    await rig.edit(`${folder}/heights.csv`, "168,\n", "999,\n");
    const { out } = await rig.cli("reproduce", "heights", "--json");
    const { stages } = JSON.parse(out) as { stages: { id: string; status: string }[] };
    const ran = stages.filter(({ status }) => status === "ran").map(({ id }) => id);
    assert.deepEqual(ran.filter((id) => !id.startsWith("local_file")), ["clean"]);
  });
});
