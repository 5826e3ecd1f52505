/** Search for near-identical pictures against the plain definition. */

import assert from "node:assert/strict";
import { stream } from "../../../methods/tensor/random.ts";
import { DisjointSets, nearDuplicates } from "../../../methods/vision/near_duplicates.ts";

Deno.test("nearDuplicates() finds exactly the pairs below the threshold", () => {
  const random = stream(1, "pictures");
  const base = () => Uint8Array.from({ length: 192 }, () => random.nextInteger(20, 230));
  const pictures: Uint8Array[] = [];
  for (let i = 0; i < 6; i++) {
    const picture = base();
    pictures.push(picture);
    for (const noise of [1, 6, 20]) {
      pictures.push(picture.map((v) => v + random.nextInteger(-noise, noise + 1)));
    }
  }
  const distance = (a: Uint8Array, b: Uint8Array) =>
    Math.sqrt(a.reduce((sum, v, k) => sum + (v - b[k]) ** 2, 0) / a.length);
  for (const threshold of [0, 2, 5, 12]) {
    const expected: [number, number][] = [];
    for (let i = 0; i < pictures.length; i++) {
      for (let j = i + 1; j < pictures.length; j++) {
        if (distance(pictures[i], pictures[j]) < threshold) expected.push([i, j]);
      }
    }
    assert.deepEqual(nearDuplicates(pictures, { channels: 3, size: 8 }, threshold), expected);
    if (threshold > 0) assert.ok(expected.length >= 6);
  }
});

Deno.test("nearDuplicates() excludes the threshold itself", () => {
  const pictures = [new Uint8Array(12), new Uint8Array(12), new Uint8Array(12).fill(3)];
  const find = (threshold: number) => nearDuplicates(pictures, { channels: 3, size: 2 }, threshold);
  assert.deepEqual(find(0), []);
  assert.deepEqual(find(3), [[0, 1]]);
  assert.deepEqual(find(3.01).length, 3);
});

Deno.test("DisjointSets names a set by its smallest member", () => {
  const sets = new DisjointSets(6);
  sets.unite(5, 3);
  sets.unite(3, 1);
  sets.unite(4, 2);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => sets.find(i)), [0, 1, 2, 1, 2, 1]);
});
