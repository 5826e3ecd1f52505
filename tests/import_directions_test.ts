/** Imports point one way: stages → pipeline, stages → methods; pipeline and methods know neither. */

import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** What files of a room may import besides packages. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  pipeline: ["pipeline", "deno.json"],
  methods: ["methods"],
  stages: ["stages", "pipeline", "methods"],
};

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}

/** Relative specifiers of imports and re-exports, static, dynamic and of types. */
function specifiers(code: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|@ts-types=)["'](\.{1,2}\/[^"']+)["']/g;
  return [...code.matchAll(pattern)].map((m) => m[1]);
}

for (const [room, rooms] of Object.entries(allowed)) {
  Deno.test(`${room} imports only from ${rooms.join(", ")}`, async () => {
    const wrong: string[] = [];
    let seen = 0;
    for await (const file of sources(new URL(`${room}/`, root))) {
      for (const specifier of specifiers(await Deno.readTextFile(file))) {
        seen++;
        const target = new URL(specifier, file).pathname.slice(root.pathname.length);
        if (!rooms.includes(target.split("/")[0])) {
          wrong.push(`${file.pathname.slice(root.pathname.length)} imports ${target}`);
        }
      }
    }
    assert.ok(seen > 10, "no imports found: the test looks in the wrong place");
    assert.deepEqual(wrong, []);
  });
}
