/** Stack traces of programs lead back to the files that people wrote. */

import assert from "node:assert/strict";
import { bundles } from "../../../pipeline/code/code_identity.ts";
import { originalStack, sourceMapPath } from "../../../pipeline/code/stack_trace.ts";

Deno.test("originalStack() names file, line and column of a program's source", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/methods`);
    await Deno.writeTextFile(
      `${dir}/methods/check.ts`,
      `/** Checks. */
export function check(x: number): number {
  // Not so small.
  if (x < 1) {
    throw new Error("too small");
  }
  return x;
}
`,
    );
    await Deno.writeTextFile(
      `${dir}/runner.ts`,
      "export const main = async (run: () => Promise<void>) => {\n  await run();\n};\n",
    );
    await Deno.writeTextFile(
      `${dir}/first_run.ts`,
      `import { check } from "./methods/check.ts";
export const run = async () => {
  await Promise.resolve();
  check(0);
};
`,
    );
    const url = (name: string) => new URL(`file://${dir}/${name}`);
    const implementation = url("first_run.ts");
    const found = await bundles(url(""), [implementation], `${dir}/cache`, {
      runner: url("runner.ts"),
    });
    const { code, digest } = found.get(implementation.href)!;
    await Deno.writeFile(`${dir}/program.js`, code);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--no-lock", `${dir}/program.js`],
      env: { NO_COLOR: "1" },
    }).output();
    const raw = new TextDecoder().decode(stderr);
    assert.match(raw, /at check \(file:.*program\.js:1:\d+\)/);
    const stack = originalStack(raw, sourceMapPath(`${dir}/cache`, digest));
    assert.match(stack, /at check \(methods\/check\.ts:5:1[01]\)/);
    assert.match(stack, /at run \(first_run\.ts:4:3\)/);
    assert.equal(originalStack(raw, `${dir}/absent.map`), raw);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
