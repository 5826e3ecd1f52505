/** Which modules give the same paper whenever they are loaded. */

import assert from "node:assert/strict";
import { planningCode } from "../../../pipeline/certificate/planning_code.ts";

const project = Deno.realPathSync(new URL("../../../", import.meta.url).pathname)
  .replace(/\/$/, "");

/** Why a module may give something else next time. */
async function impurity(code: string, others: Record<string, string> = {}): Promise<string | null> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.copyFile(`${project}/deno.lock`, `${root}/deno.lock`);
    await Deno.copyFile(`${project}/deno.json`, `${root}/deno.json`);
    const engine = JSON.stringify(`${project}/pipeline/mod.ts`);
    const files = { "pipeline.ts": code, ...others };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${root}/${name}`, text.replaceAll('"engine"', engine));
    }
    return (await planningCode(`${root}/pipeline.ts`, root)).impure;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const pure = {
  "declarations": `import { z } from "zod";
    import { json, stage } from "engine";
    export default stage({ name: "a", outputs: { x: json<number>() }, params: z.object({}),
      implementation: new URL("./a.ts", import.meta.url) } as never);`,
  "types of anything": `import type { Store } from "engine"; export default 1 as unknown as Store;`,
  "arithmetic": `export default [1, 2].map((name) => Math.max(name, parseInt("3"))).join();`,
  "locals named like globals": `export default (name: string, Date: number) => name + Date;`,
  "what is not used": `import { now } from "./other.ts"; export default 1;`,
};
const others = { "other.ts": `export const now = () => Date.now(); export const two = 2;` };
for (const [name, code] of Object.entries(pure)) {
  Deno.test(`the same paper follows from ${name}`, async () => {
    assert.equal(await impurity(code, others), null);
  });
}

const impure: Record<string, [code: string, why: RegExp]> = {
  "a clock": [`export default new Date().getDay();`, /^Date$/],
  "chance": [`export default Math.random();`, /^random$/],
  "chance by another name": [`const { random } = Math; export default random();`, /^Math$/],
  "a computed member of Math": [`const k = "rand" + "om"; export default Math[k as "PI"];`, /Math/],
  "files": [`export default [...Deno.readDirSync(".")].length;`, /^Deno$/],
  "node's files": [
    `import { readFileSync } from "node:fs"; export default readFileSync;`,
    /node:fs/,
  ],
  "the global object": [`export default globalThis;`, /^globalThis$/],
  "code made of text": [`export default eval("1");`, /^eval$/],
  "what it prints": [`console.log(1); export default 1;`, /^console$/],
  "functions made of functions": [`export default (() => 1).constructor("x");`, /^constructor$/],
  "functions made of text": [`export default new Function("return Date")();`, /^Function$/],
  "the locale": [`export default (1e6).toLocaleString();`, /^toLocaleString$/],
  "modules named while running": [`export default (n: string) => import(n);`, /import\(\)/],
  "this folder": [`export default import.meta.dirname;`, /import.meta/],
  "packages that may look at anything": [`import "esbuild"; export default 1;`, /esbuild/],
  "the engine's files": [`import { Store } from "engine"; export default Store;`, /Store/],
  "all of the engine": [`import * as e from "engine"; export default e;`, /engine/],
  "a used helper": [`import { now } from "./other.ts"; export default now();`, /^Date$/],
  "a syntax error": [`export default (;`, /./],
};
for (const [name, [code, why]] of Object.entries(impure)) {
  Deno.test(`another paper may follow from ${name}`, async () => {
    assert.match(await impurity(code, others) ?? "nothing", why);
  });
}

Deno.test("every file that is read is listed, also JSON, text and bytes", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(
    `${root}/pipeline.ts`,
    `import a from "./a.json" with { type: "json" }; import { b } from "./b.ts";
    import d from "./d.yaml" with { type: "text" }; import e from "./e.ts" with { type: "text" };
    import f from "./f.bin" with { type: "bytes" }; export default [a, b, d, e, f];`,
  );
  await Deno.writeTextFile(`${root}/a.json`, "[1]");
  await Deno.writeTextFile(`${root}/b.ts`, `export * from "./c.ts";`);
  await Deno.writeTextFile(`${root}/c.ts`, `export const b = 1;`);
  await Deno.writeTextFile(`${root}/d.yaml`, "d: 1");
  await Deno.writeTextFile(`${root}/e.ts`, "Deno.now()");
  await Deno.writeTextFile(`${root}/f.bin`, "f");
  const { sources, impure } = await planningCode(`${root}/pipeline.ts`, root);
  assert.equal(impure, null);
  assert.deepEqual(
    [...sources].sort(),
    ["a.json", "b.ts", "c.ts", "d.yaml", "e.ts", "f.bin", "pipeline.ts"].map((name) =>
      `${root}/${name}`
    ),
  );
  await Deno.remove(root, { recursive: true });
});
