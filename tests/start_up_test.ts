/** What a run that has nothing to do loads: modules are most of its time, and creep in one by one. */

import assert from "node:assert/strict";

const cli = new URL("../pipeline/cli/", import.meta.url);

/** Modules and packages that the static imports of `entry` reach, with one importer each. */
function reached(entry: URL): Map<string, string> {
  const found = new Map<string, string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const code = Deno.readTextFileSync(file);
    const imports = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\bfrom\s+)?"([^"]+)"/gm;
    for (const [, specifier] of code.matchAll(imports)) {
      const target = specifier.startsWith(".") ? new URL(specifier, file).href : specifier;
      if (found.has(target)) continue;
      found.set(target, file.pathname);
      if (target.startsWith("file:") && target.endsWith(".ts")) waiting.push(new URL(target));
    }
  }
  return found;
}

/** Each costs milliseconds at every start. Others are loaded by `import()` where they are needed. */
const allowed = ["node:crypto", "node:process", "zod", "@std/cli", "@std/yaml"];

/** Needed only where something runs, is built, or is compared. */
const late = [
  "committed.ts",
  "../code/code_build.ts",
  "../run/carry_out.ts",
  "../run/child.ts",
  "../run/executor.ts",
  "../sources/packages.ts",
  "../sources/download.ts",
  "../sources/local_import.ts",
  "../sources/local_source.ts",
];

for (const command of ["reproduce", "explain"]) {
  Deno.test(`${command} with nothing to do loads few packages`, () => {
    const found = reached(new URL(`${command}.ts`, cli));
    assert.ok(found.size > 20, "few imports found: the test looks in the wrong place");
    const packages = [...found].filter(([target]) => !target.startsWith("file:"));
    assert.deepEqual(packages.filter(([target]) => !allowed.includes(target)), []);
    for (const module of late) {
      const { href } = new URL(module, cli);
      assert.ok(Deno.statSync(new URL(href)).isFile, `${module} is not there: correct this test`);
      assert.ok(!found.has(href), `${found.get(href)} imports ${module}`);
    }
  });
}

Deno.test("a run that is certified to have nothing to do loads no packages and few modules", () => {
  const found = reached(new URL("../certificate/same_again.ts", cli));
  const packages = [...found.keys()].filter((target) => !target.startsWith("file:"));
  assert.deepEqual(packages, []);
  assert.ok(found.size <= 10, `${found.size} modules`);
  for (const name of ["certify.ts", "planning_code.ts"]) {
    const { href } = new URL(`../certificate/${name}`, cli);
    assert.ok(Deno.statSync(new URL(href)).isFile && !found.has(href), name);
  }
});
