/** Two results side by side, number by number. */

import assert from "node:assert/strict";
import { compareNumbers, relativeDifference } from "../../../pipeline/archive/numbers.ts";

Deno.test("equal values have no differences", () => {
  const value = { a: [1, 2, { b: null }], c: "text" };
  assert.deepEqual(compareNumbers(value, structuredClone(value)), {
    numbers: 2,
    different: 0,
    largest: null,
    other: [],
  });
});

Deno.test("the largest relative difference is named with its place", () => {
  const found = compareNumbers({ a: [100, 1], b: 5 }, { a: [101, 2], b: 5 });
  assert.deepEqual([found.numbers, found.different], [3, 2]);
  assert.deepEqual(found.largest, { path: "a[1]", before: 1, after: 2, relative: 0.5 });
});

Deno.test("what is no number, and what is missing, is named", () => {
  const found = compareNumbers({ a: "x", b: 1, c: [1] }, { a: "y", b: "1", c: [1, 2], d: null });
  assert.deepEqual([...found.other].sort(), ["a", "b", "c[1]", "d"]);
});

Deno.test("differences are relative to the larger", () => {
  assert.equal(relativeDifference(0, 0), 0);
  assert.equal(relativeDifference(1, 0), 1);
  assert.equal(relativeDifference(-1, 1), 2);
  assert.equal(relativeDifference(90, 100), 0.1);
});
