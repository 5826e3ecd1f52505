/** The split by concept: shares, strata, limits, determinism. */

import assert from "node:assert/strict";
import { splitConcepts } from "../../../methods/optima/concept_split.ts";
import { stream } from "../../../methods/tensor/random.ts";

const CONCEPTS = Array.from({ length: 500 }, (_, i) => ({
  group: ["faces", "animals", "food", "flags", "tools"][i % 7 % 5],
  emoji: i % 50 === 0 ? 9 : 1 + i % 3,
}));

const split = (seed: number) =>
  splitConcepts(CONCEPTS, {
    validation: 0.08,
    test: 0.12,
    largestHeldOut: 6,
    random: stream(seed, "split"),
  });
const count = (parts: string[], part: string) => parts.filter((p) => p === part).length;

Deno.test("splitConcepts() meets the shares over all and within each group", () => {
  const parts = split(0);
  assert.equal(count(parts, "test"), 60);
  assert.equal(count(parts, "validation"), 40);
  for (const group of new Set(CONCEPTS.map((concept) => concept.group))) {
    const members = parts.filter((_, i) => CONCEPTS[i].group === group);
    assert.ok(Math.abs(count(members, "test") - 0.12 * members.length) <= 1, group);
    assert.ok(Math.abs(count(members, "validation") - 0.08 * members.length) <= 1, group);
  }
});

Deno.test("splitConcepts() trains on every large concept", () => {
  split(0).forEach((part, i) => {
    if (CONCEPTS[i].emoji > 6) assert.equal(part, "train");
  });
});

Deno.test("splitConcepts() depends on the seed and on nothing else", () => {
  assert.deepEqual(split(0), split(0));
  assert.notDeepEqual(split(0), split(1));
});

Deno.test("splitConcepts() refuses shares that leave nothing to train on", () => {
  const options = { validation: 0.5, test: 0.5, largestHeldOut: 6, random: stream(0) };
  assert.throws(() => splitConcepts(CONCEPTS, options), /leave nothing to train on/);
});
