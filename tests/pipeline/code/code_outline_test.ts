/** Outlines of programs: which declarations an edit changed. */

import assert from "node:assert/strict";
import { parse } from "acorn";
import { changesSince } from "../../../pipeline/plan/change.ts";
import {
  outlineOf,
  outlinePath,
  readOutlines,
  symbolChanges,
} from "../../../pipeline/code/code_outline.ts";
import type { KeyComponents } from "../../../pipeline/types.ts";
import { type Project, withProject } from "./code_project.ts";

const before = `var offset = 1;
var twice = (x) => 2 * x;
function scale(x) { return x + offset; }
class Model extends Base { #w = 1; step() { return this.#w; } reset() {} }
await scale(1);
`;

function changes(edit: (code: string) => string) {
  return symbolChanges(outlineOf(parse, before), outlineOf(parse, edit(before)))
    .map(({ name, how }) => `${name} ${how}`);
}

Deno.test("outlineOf() tells declarations and members apart", () => {
  assert.deepEqual(changes((code) => code), []);
  assert.deepEqual(changes((code) => code.replace("2 * x", "3 * x")), ["twice changed"]);
  assert.deepEqual(changes((code) => code.replace("offset = 1", "offset = 2")), ["offset changed"]);
  assert.deepEqual(changes((code) => code.replace("this.#w;", "2;")), ["Model.step changed"]);
  assert.deepEqual(changes((code) => code.replace("#w = 1", "#w = 2")), ["Model.#w changed"]);
  assert.deepEqual(changes((code) => code.replace("extends Base ", "")), ["Model changed"]);
  assert.deepEqual(changes((code) => code.replace("scale(1)", "scale(2)")), [
    "(top level) changed",
  ]);
  assert.deepEqual(changes((code) => code.replace("function scale", "function shift")), [
    "shift new",
    "scale gone",
  ]);
  assert.deepEqual(changes((code) => code.replace("reset() {}", "")), ["Model.reset gone"]);
  assert.deepEqual(outlineOf(parse, "not ( JavaScript"), {});
});

/** The first stage's components, with nothing but its code. */
async function componentsOf(project: Project): Promise<KeyComponents> {
  const { digest, files, packages } = (await project.programs()).first;
  const code = { digest, files, packages };
  return { code, params: {}, inputs: {}, environment: {}, outputs: {} };
}

Deno.test("changesSince() names the functions that changed, and only the file without outlines", async () => {
  await withProject(async (project) => {
    const was = await componentsOf(project);
    // esbuild puts the constant into the one function that uses it.
    project.edit("methods/scale.ts", "offset = 0.5", "offset = 1.5");
    project.edit("methods/math.ts", "{ by: 2 }", "{ by: 4 }");
    const is = await componentsOf(project);
    const outlines = readOutlines(project.cacheDir);
    assert.deepEqual(changesSince(was, is, undefined, outlines).map(({ text }) => text), [
      "methods/math.ts changed: double; methods/scale.ts changed: scale",
    ]);
    Deno.removeSync(outlinePath(project.cacheDir, was.code.digest));
    assert.deepEqual(
      changesSince(was, is, undefined, readOutlines(project.cacheDir)).map(({ text }) => text),
      ["methods/math.ts changed and methods/scale.ts changed"],
    );
  });
});
