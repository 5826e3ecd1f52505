/** Code identity on a small project that is edited: what must change a program, and what must not. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { type Bundle, bundles } from "../../../pipeline/code/code_identity.ts";
import { changed, withProject } from "./code_project.ts";

const text = (bundle: Bundle) => new TextDecoder().decode(bundle.code);

Deno.test("bundles() gives programs with their parts, packages and exact specifiers", async () => {
  await withProject(async (project) => {
    const { first, second, third } = await project.programs();
    assert.equal(first.digest, sha256(first.code));
    assert.deepEqual(Object.keys(first.files), [
      "methods/math.ts",
      "methods/scale.ts",
      "pipeline/runner.ts",
      "stages/toy/first_run.ts",
    ]);
    assert.ok(Object.hasOwn(second.files, "methods/table.json"));
    // Only an unreached function uses zod.
    assert.deepEqual([first.specifiers, first.packages], [[], {}]);
    assert.deepEqual(third.specifiers, ["npm:lib@1.0.0/sub/part.js"]);
    assert.deepEqual(third.packages, { "inner@2.0.0": "sha512-inner", "lib@1.0.0": "sha512-lib" });
    assert.match(text(third), /from"npm:lib@1\.0\.0\/sub\/part\.js"/);
    assert.match(text(second), /from"node:fs\/promises"/);
    for (const program of [first, second, third]) {
      assert.doesNotMatch(text(program), /Doubles|Reached by nobody|\/\//);
      assert.ok(!text(program).includes(project.dir), "the program names the checkout's path");
    }
  });
});

Deno.test("bundles() gives programs that run", async () => {
  await withProject(async (project) => {
    project.write(
      "stages/toy/first_run.ts",
      `import { double } from "../../methods/math.ts";
import table from "../../methods/table.json" with { type: "json" };
export const run = async () => {
  const { triple } = await import("../../methods/math.ts");
  console.log(JSON.stringify([double(1), triple(1), table.rows, "\\n// methods/math.ts\\n"]));
};
`,
    );
    const { first } = await project.programs();
    const path = `${project.dir}/program.js`;
    await Deno.writeFile(path, first.code);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--no-lock", "--cached-only", path],
      stderr: "inherit",
    }).output();
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), [
      2.5,
      3.5,
      [1, 2, 3],
      "\n// methods/math.ts\n",
    ]);
  });
});

Deno.test("bundles() is blind to what does not change a program", async () => {
  const edits: [string, string, string | RegExp, string][] = [
    ["a comment", "methods/scale.ts", "const offset", "// why\n/* what */ const offset"],
    ["layout", "methods/math.ts", "{ by: 2 }", "{\n      by: 2,\n    }"],
    ["blank lines", "stages/toy/first_run.ts", /\n/g, "\n\n"],
    ["quotes and semicolons", "methods/math.ts", /"(\.[^"]*)";/, "'$1'"],
    ["an unreached function", "methods/math.ts", "z.number().parse(x)", "z.int().parse(x)"],
    ["a new unreached function", "methods/scale.ts", /$/, "export function double() { return 4 }"],
    ["a new unreached constant", "methods/math.ts", /$/, "const offset = 4;"],
    ["a type", "stages/toy/context.ts", "number", "number | string"],
    ["a type annotation", "methods/scale.ts", "): number", "): 1 | number"],
    ["layout of JSON", "methods/table.json", /, /g, ",\n  "],
    ["a package that is not reached", "deno.json", "zod@4.6.7", "zod@4.6.8"],
  ];
  await withProject(async (project) => {
    const before = await project.programs();
    for (const [what, name, from, to] of edits) {
      project.edit(name, from, to);
      assert.deepEqual(changed(before, await project.programs()), {}, what);
      project.restore(name);
    }
  });
});

Deno.test("bundles() changes exactly the programs that reach an edit, and names the file", async () => {
  const runner = ["pipeline/runner.ts"];
  const edits: [string, string, string, string, Record<string, string[]>][] = [
    ["a reached helper", "methods/scale.ts", "x * options.by", "options.by * x", {
      first: ["methods/scale.ts"],
      second: ["methods/scale.ts"],
    }],
    ["a function that one stage reaches", "methods/math.ts", "by: 3", "by: 4", {
      second: ["methods/math.ts"],
    }],
    ["a constant", "methods/scale.ts", "0.5", "0.25", {
      first: ["methods/scale.ts"],
      second: ["methods/scale.ts"],
    }],
    ["JSON", "methods/table.json", "2", "9", { second: ["methods/table.json"] }],
    ["the stage itself", "stages/toy/first_run.ts", "double(1)", "double(2)", {
      first: ["stages/toy/first_run.ts"],
    }],
    ["the runner", "pipeline/runner.ts", "run({})", "run(null)", {
      first: runner,
      second: runner,
      third: runner,
    }],
    ["the version of a package", "deno.json", "lib@1.0.0", "ranged@1", {
      third: ["methods/other.ts"],
    }],
  ];
  await withProject(async (project) => {
    const before = await project.programs();
    for (const [what, name, from, to, expected] of edits) {
      project.edit(name, from, to);
      assert.deepEqual(changed(before, await project.programs()), expected, what);
      project.restore(name);
      assert.deepEqual(changed(before, await project.programs()), {}, `${what}, undone`);
    }
  });
});

Deno.test("bundles() keeps packages that are imported for their effect", async () => {
  await withProject(async (project) => {
    project.edit("methods/scale.ts", /^/, 'import "zod";\n');
    const { first, third } = await project.programs();
    assert.deepEqual(first.specifiers, ["npm:zod@4.6.7"]);
    assert.deepEqual(third.specifiers, ["npm:lib@1.0.0/sub/part.js"]);
  });
});

Deno.test("bundles() resolves ranges to the version of the lock file", async () => {
  await withProject(async (project) => {
    project.edit("deno.json", "npm:/lib@1.0.0/", "npm:/ranged@1/");
    const { third } = await project.programs();
    assert.deepEqual(third.specifiers, ["npm:ranged@1.5.0/sub/part.js"]);
    assert.deepEqual(third.packages, { "ranged@1.5.0": "sha512-ranged" });
  });
});

Deno.test("bundles() takes integrity from the lock file at every call", async () => {
  await withProject(async (project) => {
    const before = await project.programs();
    project.edit("deno.lock", "sha512-inner", "sha512-other");
    const after = await project.programs();
    assert.deepEqual(changed(before, after), {});
    assert.equal(after.third.packages["inner@2.0.0"], "sha512-other");
  });
});

Deno.test("bundles() is the same in a checkout at another path", async () => {
  await withProject(async (one) => {
    await withProject(async (other) => {
      const [a, b] = [await one.programs(), await other.programs()];
      assert.deepEqual(changed(a, b), {});
      assert.deepEqual(text(a.second), text(b.second));
    });
  });
});

Deno.test("bundles() gives stages of one implementation one program", async () => {
  await withProject(async (project) => {
    const url = project.url("stages/toy/first_run.ts");
    const again = new URL(url);
    const runner = project.url("pipeline/runner.ts");
    const found = await bundles(project.url(""), [url, again], project.cacheDir, { runner });
    assert.equal(found.size, 1);
  });
});

Deno.test("bundles() serves unchanged programs from its cache, and only those", async () => {
  await withProject(async (project) => {
    const before = await project.programs();
    const index = [...Deno.readDirSync(project.cacheDir)].find((f) => f.name.startsWith("index"))!;
    // A cached program cannot be told from a fresh one, so mark the cached parts.
    const path = `${project.cacheDir}/${index.name}`;
    const mark = before.first.files["methods/scale.ts"];
    const marked = "0".repeat(64);
    const body = Deno.readTextFileSync(path).split("\n")[1].replaceAll(mark, marked);
    // Without the sum over it, it is damaged and as good as absent.
    Deno.writeTextFileSync(path, `${sha256("")}\n${body}`);
    assert.equal((await project.programs()).first.files["methods/scale.ts"], mark);
    Deno.writeTextFileSync(path, `${sha256(body)}\n${body}`);
    assert.equal((await project.programs()).first.files["methods/scale.ts"], marked);
    project.edit("stages/toy/first_run.ts", "double(1)", "double(2)");
    const after = await project.programs();
    assert.equal(after.first.files["methods/scale.ts"], mark);
    assert.equal(after.second.files["methods/scale.ts"], marked);
  });
});

Deno.test("bundles() sees an edit that keeps size and modification time", async () => {
  await withProject(async (project) => {
    const before = await project.programs();
    const path = `${project.dir}/methods/scale.ts`;
    const { mtime, atime } = Deno.statSync(path);
    project.edit("methods/scale.ts", "0.5", "0.7");
    Deno.utimeSync(path, atime!, mtime!);
    assert.deepEqual(Object.keys(changed(before, await project.programs())), ["first", "second"]);
  });
});

Deno.test("bundles() rebuilds what is damaged in its cache", async () => {
  await withProject(async (project) => {
    const before = await project.programs();
    for (const file of Deno.readDirSync(project.cacheDir)) {
      Deno.writeTextFileSync(`${project.cacheDir}/${file.name}`, "damaged");
    }
    assert.deepEqual(changed(before, await project.programs()), {});
    Deno.writeTextFileSync(`${project.cacheDir}/${before.first.digest}.js`, "damaged");
    assert.equal(text((await project.programs()).first), text(before.first));
    Deno.removeSync(`${project.cacheDir}/${before.first.digest}.js`);
    assert.equal(text((await project.programs()).first), text(before.first));
  });
});

Deno.test("bundles() can build at the same time in one process", async () => {
  await withProject(async (one) => {
    await withProject(async (other) => {
      const [a, b] = await Promise.all([one.programs(), other.programs()]);
      assert.deepEqual(changed(a, b), {});
    });
  });
});

Deno.test("bundles() refuses files that are imported by the name of a constant", async () => {
  const importing = (
    name: string,
    body = `return await import(NAME, { with: { type: "text" } });`,
  ) => `export const run = async () => { const NAME = ${name}; ${body} };`;
  await withProject(async (project) => {
    const path = "stages/toy/first_run.ts";
    for (
      const name of [`"file:///etc/hostname"`, "`data:text/javascript,export{}`", `"/etc/hosts"`]
    ) {
      project.write(path, importing(name));
      assert.match(
        (await project.failure()).message,
        /^stages\/toy\/first_run\.ts: it imports .* by the name of a constant/,
      );
    }
    // A package, a name that only the run knows, and text that merely looks so.
    project.write(
      path,
      importing(
        `"npm:lib@1.0.0"`,
        `console.log('import("file:///etc/hostname")'); return [await import(NAME), await import(Deno.args[0])];`,
      ),
    );
    assert.ok((await project.programs()).first.code.length > 0);
  });
});

Deno.test("bundles() places mistakes in code", async () => {
  const first = "stages/toy/first_run.ts";
  const cases: [string, string | RegExp, string, RegExp][] = [
    [first, "double(1)", "double(1", /^stages\/toy\/first_run\.ts:\d+:\d+: Expected/],
    [first, /^/, "import ;", /^stages\/toy\/first_run\.ts:1:8: /],
    [
      first,
      "methods/math.ts",
      "methods/maths.ts",
      /^stages\/toy\/first_run\.ts:1:24: there is no file "\.\.\/\.\.\/methods\/maths\.ts"/,
    ],
    [
      first,
      "const run",
      "const ran",
      /^stages\/toy\/first_run\.ts: the module does not export "run"/,
    ],
    [
      "methods/other.ts",
      "@lib/sub/part.js",
      "left-pad",
      /^methods\/other\.ts:1:22: "left-pad" is not in the import map of deno\.json/,
    ],
    [
      "methods/other.ts",
      "@lib/sub/part.js",
      "https://example.org/x.ts",
      /a stage may import files of the project, npm packages and node: modules/,
    ],
    [
      "methods/other.ts",
      "@lib/sub/part.js",
      "npm:lost@1.0.0",
      /^deno\.lock: the lock file does not hold the package lost@1\.0\.0/,
    ],
    [
      "methods/other.ts",
      "@lib/sub/part.js",
      "npm:zod@^4",
      /deno\.lock does not say which version "npm:zod@\^4" is/,
    ],
    ["methods/table.json", "[1,", "[1;", /^methods\/table\.json:1:13: Expected/],
    ["deno.json", "{", "{{", /^deno\.json: this is not JSON/],
  ];
  await withProject(async (project) => {
    for (const [name, from, to, message] of cases) {
      project.edit(name, from, to);
      assert.match((await project.failure()).message, message);
      project.restore(name);
    }
    Deno.removeSync(`${project.dir}/${first}`);
    assert.match(
      (await project.failure()).message,
      /^stages\/toy\/first_run\.ts: the implementation of a stage is not there/,
    );
  });
});
