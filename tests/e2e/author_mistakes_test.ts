/** Mistakes of somebody who writes a paper's stages, as the real command line answers them. */

import assert from "node:assert/strict";
import { Rig } from "./rig.ts";

Deno.test("mistakes in stages are answered with their place and a way to mend them", async (t) => {
  await using rig = await Rig.create();
  const sound = await rig.read("stages/toy/numbers_run.ts");
  const body = (line: string) =>
    `/** Counts. */\nimport type { Run } from "../../pipeline/mod.ts";\n` +
    `import type { numbers } from "./stages.ts";\n\n` +
    `export const run: Run<typeof numbers> = async ({ outputs }) => {\n  ${line}\n` +
    `  await outputs.values.write([1]);\n};\n`;

  await t.step(
    "a stage that throws: the message and the log name the line of the source",
    async () => {
      await rig.write("stages/toy/numbers_run.ts", body('throw new Error("oops");'));
      const { code, err } = await rig.cli("reproduce", "toy");
      assert.equal(code, 1);
      assert.match(err, /Error: oops \(stages\/toy\/numbers_run\.ts:6:\d+\)/);
      const log = /log: (\S+)/.exec(err)?.[1];
      assert.ok(log, err);
      const path = log.startsWith("/") ? log : `${rig.dir}/${log}`;
      assert.match(await Deno.readTextFile(path), /stages\/toy\/numbers_run\.ts:6:\d+/);
    },
  );

  await t.step("a file beside the module: read without being declared", async () => {
    await rig.write(
      "stages/toy/numbers_run.ts",
      body('await Deno.readTextFile(new URL("./config.yaml", import.meta.url));'),
    );
    const { code, err } = await rig.cli("reproduce", "toy");
    assert.equal(code, 1);
    assert.match(err, /tried to read the file config\.yaml, which it does not declare/);
    assert.match(err, /`inputs`/);
  });

  await t.step("a relative path", async () => {
    await rig.write(
      "stages/toy/numbers_run.ts",
      body('await Deno.readTextFile("stages/toy/config.yaml");'),
    );
    const { code, err } = await rig.cli("reproduce", "toy");
    assert.equal(code, 1);
    assert.match(err, /tried to read the file stages\/toy\/config\.yaml/);
  });

  await t.step("a module without run: refused before anything runs", async () => {
    await rig.write("stages/toy/numbers_run.ts", sound.replace("const run:", "const ran:"));
    const { code, err } = await rig.cli("reproduce", "toy");
    assert.equal(code, 2);
    assert.match(err, /numbers_run\.ts/);
    assert.match(err, /exports "run"/);
    await rig.write("stages/toy/numbers_run.ts", sound);
  });

  await t.step("a verdict that is none: the output and the field are named", async () => {
    const judge = await rig.read("stages/toy/judge_run.ts");
    assert.match(judge, /verdict: /);
    await rig.write(
      "stages/toy/judge_run.ts",
      judge.replace(/verdict: [^\n]*,/, 'verdict: "yes" as "reproduced",'),
    );
    const { code, err } = await rig.cli("reproduce", "toy");
    assert.equal(code, 1, err);
    assert.match(err, /judge.*output "verdicts" at \[0\]\.verdict/s);
    assert.doesNotMatch(err, /defect/);
    await rig.write("stages/toy/judge_run.ts", judge);
    assert.equal((await rig.cli("reproduce", "toy")).code, 0);
  });
});
