/** What bare specifiers name: import map, ranges, and integrity from the lock file. */

import assert from "node:assert/strict";
import { ImportMap } from "../../../pipeline/code/import_map.ts";

const config = {
  imports: {
    zod: "npm:zod@4.6.7",
    scoped: "npm:@scope/name@1.2.3-beta.1/deep/part.js",
    "folder/": "npm:/@scope/name@1.2.3-beta.1/",
    ranged: "npm:ranged@^1",
    "@std/testing/bdd": "node:test",
    "local/": "./src/",
    remote: "https://example.org/mod.ts",
    jsr: "jsr:@std/path@1",
  },
};

const lock = {
  version: "5",
  specifiers: { "npm:ranged@^1": "1.9.0_zod@4.6.7" },
  npm: {
    "zod@4.6.7": { integrity: "i-zod" },
    "ranged@1.9.0_zod@4.6.7": { integrity: "i-ranged", dependencies: ["zod", "twice@2.0.0"] },
    "twice@1.0.0": { integrity: "i-twice1" },
    "twice@2.0.0": { integrity: "i-twice2", optionalDependencies: ["loop"] },
    "loop@1.0.0": { integrity: "i-loop", dependencies: ["twice@2.0.0"] },
  },
};

const importer = new URL("file:///project/stages/a.ts");

async function withMap(test: (map: ImportMap) => void): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/deno.json`, JSON.stringify(config));
    await Deno.writeTextFile(`${dir}/deno.lock`, JSON.stringify(lock));
    test(await ImportMap.read(new URL(`file://${dir}/`)));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("ImportMap.resolve() gives exact specifiers of packages", async () => {
  await withMap((map) => {
    const cases: [string, string, string][] = [
      ["zod", "npm:zod@4.6.7", "zod@4.6.7"],
      ["zod/v4/core", "npm:zod@4.6.7/v4/core", "zod@4.6.7"],
      ["scoped", "npm:@scope/name@1.2.3-beta.1/deep/part.js", "@scope/name@1.2.3-beta.1"],
      ["folder/x.js", "npm:@scope/name@1.2.3-beta.1/x.js", "@scope/name@1.2.3-beta.1"],
      ["ranged", "npm:ranged@1.9.0", "ranged@1.9.0"],
      ["npm:direct@3.0.0/sub", "npm:direct@3.0.0/sub", "direct@3.0.0"],
    ];
    for (const [written, specifier, name] of cases) {
      const expected = { type: "npm", specifier, package: name };
      assert.deepEqual(map.resolve(written, importer), expected);
    }
  });
});

Deno.test("ImportMap.resolve() tells files, built-in modules and what is refused", async () => {
  await withMap((map) => {
    const kind = (specifier: string) => map.resolve(specifier, importer).type;
    assert.deepEqual(map.resolve("../methods/b.ts", importer), {
      type: "file",
      url: new URL("file:///project/methods/b.ts"),
    });
    assert.equal(kind("local/b.ts"), "file");
    assert.equal(kind("node:fs"), "builtin");
    assert.equal(kind("@std/testing/bdd"), "builtin");
    for (const refused of ["remote", "jsr", "unknown", "zodiac", "npm:free", "npm:ranged@2"]) {
      assert.equal(kind(refused), "refused", refused);
    }
  });
});

Deno.test("ImportMap.integrities() covers dependencies once, peers and cycles included", async () => {
  await withMap((map) => {
    assert.deepEqual(map.integrities(["ranged@1.9.0"]), {
      "loop@1.0.0": "i-loop",
      "ranged@1.9.0_zod@4.6.7": "i-ranged",
      "twice@2.0.0": "i-twice2",
      "zod@4.6.7": "i-zod",
    });
    assert.deepEqual(map.integrities([]), {});
    assert.throws(() => map.integrities(["absent@1.0.0"]), {
      name: "Failed",
      message: /deno\.lock: the lock file does not hold the package absent@1\.0\.0/,
    });
  });
});
