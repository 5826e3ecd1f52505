// Random composed programs, their gradients and curvature against PyTorch.
import assert from "node:assert/strict";
import { compareRandomPrograms, parsePrograms } from "./random_programs.ts";

// Any number of others: tests/reference/random_programs.ts.
const url = new URL("../reference/random_programs.jsonl", import.meta.url);
const programs = parsePrograms(Deno.readTextFileSync(url));

Deno.test("random programs in float64 have PyTorch's loss, gradients and curvature", async () => {
  assert.ok(programs.length >= 140);
  assert.deepEqual(await compareRandomPrograms(programs.slice(0, 100), "float64"), []);
});

Deno.test("random programs in float32 have them too", async () => {
  assert.deepEqual(await compareRandomPrograms(programs.slice(100, 140), "float32"), []);
});
