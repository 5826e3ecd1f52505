/** A small project of three stages that tests of code identity edit. */

import assert from "node:assert/strict";
import { type Bundle, bundles } from "../../../pipeline/code/code_identity.ts";
import { Failed } from "../../../pipeline/failure.ts";

const files: Record<string, string> = {
  "deno.json": JSON.stringify({ imports: { zod: "npm:zod@4.6.7", "@lib/": "npm:/lib@1.0.0/" } }),
  "deno.lock": JSON.stringify({
    version: "5",
    specifiers: { "npm:zod@4.6.7": "4.6.7", "npm:ranged@1": "1.5.0" },
    npm: {
      "zod@4.6.7": { integrity: "sha512-zod" },
      "zod@4.6.8": { integrity: "sha512-zod8" },
      "lib@1.0.0": { integrity: "sha512-lib", dependencies: ["inner"] },
      "inner@2.0.0": { integrity: "sha512-inner" },
      "ranged@1.5.0": { integrity: "sha512-ranged" },
    },
  }),
  "pipeline/runner.ts": `/** Runs. */
export async function main(run: (context: unknown) => Promise<void>): Promise<void> {
  await run({});
}
`,
  "methods/math.ts": `/** Some mathematics. */
import { scale } from "./scale.ts";
import { z } from "zod";

/** Doubles. */
export function double(x: number): number {
  return scale(x, { by: 2 });
}

export function triple(x: number): number {
  return scale(x, { by: 3 });
}

/** Reached by nobody. */
export function parse(x: unknown): number {
  return z.number().parse(x);
}
`,
  "methods/scale.ts": `const offset = 0.5;

export function scale(x: number, options: { by: number }): number {
  return x * options.by + offset;
}
`,
  "methods/table.json": `{ "rows": [1, 2, 3] }`,
  "methods/other.ts": `import { part } from "@lib/sub/part.js";

export const other = (x: number): number => part(x) + 1;
`,
  "stages/toy/first_run.ts": `import { double } from "../../methods/math.ts";
import type { Context } from "./context.ts";

/** The first stage. */
export const run = async ({ outputs }: Context): Promise<void> => {
  await outputs.value.write(double(1));
};
`,
  "stages/toy/second_run.ts": `import { triple } from "../../methods/math.ts";
import table from "../../methods/table.json" with { type: "json" };
import { readFile } from "node:fs/promises";

export const run = async (): Promise<void> => {
  console.log(triple(table.rows[0]), await readFile("x"));
};
`,
  "stages/toy/third_run.ts": `import { other } from "../../methods/other.ts";

export const run = async (): Promise<void> => {
  await Promise.resolve(other(1));
};
`,
  "stages/toy/context.ts": `export interface Context {
  outputs: { value: { write(value: number): Promise<void> } };
}
`,
};

export const stages = ["first", "second", "third"] as const;
export type Programs = Record<typeof stages[number], Bundle>;

/** The project in a directory of its own. */
export class Project {
  constructor(readonly dir: string) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = `${this.dir}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }

  /** Replaces a text that must be there. */
  edit(name: string, before: string | RegExp, after: string): void {
    const text = Deno.readTextFileSync(`${this.dir}/${name}`);
    const edited = text.replace(before, after);
    assert.notEqual(edited, text, `the edit of ${name} did nothing`);
    this.write(name, edited);
  }

  restore(name: string): void {
    this.write(name, files[name]);
  }

  url(name: string): URL {
    return new URL(`file://${this.dir}/${name}`);
  }

  get cacheDir(): string {
    return `${this.dir}/cache`;
  }

  async programs(): Promise<Programs> {
    const urls = stages.map((stage) => this.url(`stages/toy/${stage}_run.ts`));
    const runner = this.url("pipeline/runner.ts");
    const found = await bundles(this.url(""), urls, this.cacheDir, { runner });
    return Object.fromEntries(
      stages.map((stage, i) => [stage, found.get(urls[i].href)!]),
    ) as Programs;
  }

  async failure(): Promise<Failed> {
    try {
      await this.programs();
    } catch (error) {
      if (error instanceof Failed) return error;
      throw error;
    }
    throw new assert.AssertionError({ message: "the build did not fail" });
  }
}

export async function withProject(test: (project: Project) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "code identity " });
  try {
    await test(new Project(dir));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Stage → files whose part differs, for stages whose program differs. */
export function changed(before: Programs, after: Programs): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const stage of stages) {
    const [a, b] = [before[stage], after[stage]];
    const names = [...new Set([...Object.keys(a.files), ...Object.keys(b.files)])];
    const differing = names.filter((name) => a.files[name] !== b.files[name]).sort();
    if (a.digest !== b.digest) result[stage] = differing;
    else assert.deepEqual(differing, [], `${stage}: a part changed but the program did not`);
  }
  return result;
}
