/** An entry of the import map that leads to a file of the project is part of the code. */

import assert from "node:assert/strict";
import { bundles } from "../../../pipeline/code/code_identity.ts";

Deno.test("bundles() rebuilds when the import map leads to another file", async () => {
  const dir = await Deno.makeTempDir();
  const write = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${dir}/${name.slice(0, name.lastIndexOf("/") + 1)}`, { recursive: true });
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
  };
  try {
    const map = (target: string) => ({
      "deno.json": JSON.stringify({ imports: { "#constant": target } }),
    });
    await write({
      ...map("./methods/one.ts"),
      "deno.lock": JSON.stringify({ version: "5" }),
      "pipeline/runner.ts":
        "export async function main(run: () => Promise<void>) {\n  await run();\n}\n",
      "methods/one.ts": "export const constant = 1;\n",
      "methods/two.ts": "export const constant = 2;\n",
      "stages/toy_run.ts": 'import { constant } from "#constant";\n' +
        "export const run = async () => {\n  await console.log(constant);\n};\n",
    });
    const root = new URL(`file://${dir}/`);
    const stage = new URL("stages/toy_run.ts", root);
    const build = async () => {
      const built = await bundles(root, [stage], `${dir}/cache`, {
        runner: new URL("pipeline/runner.ts", root),
      });
      return built.get(stage.href)!.digest;
    };
    const before = await build();
    assert.equal(await build(), before);
    await write(map("./methods/two.ts"));
    assert.notEqual(await build(), before);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
