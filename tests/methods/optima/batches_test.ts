/** Batches: one item a concept, each item once an epoch, determinism. */

import assert from "node:assert/strict";
import { sampleBatches } from "../../../methods/optima/batches.ts";
import { stream } from "../../../methods/tensor/random.ts";

/** 40 concepts of 1 to 4 items; item indices are not contiguous. */
const concept = Int32Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? Math.floor(i / 5) : 999);
const items = Int32Array.from(concept.keys().filter((i) => concept[i] !== 999));
const captionCount = concept.map((_, i) => 1 + i % 4);
const source = { items, concept, captionCount };

const rows = (values: Int32Array, size: number) =>
  Array.from({ length: values.length / size }, (_, i) => [
    ...values.subarray(i * size, (i + 1) * size),
  ]);

Deno.test("sampleBatches() never puts two items of one concept into a batch", () => {
  const batches = sampleBatches(source, { size: 30, steps: 60, random: stream(1) });
  for (const row of rows(batches.items, 30)) {
    assert.equal(new Set(row.map((item) => concept[item])).size, 30);
    assert.ok(row.every((item) => items.includes(item)));
  }
});

Deno.test("sampleBatches() shows items about equally often", () => {
  const batches = sampleBatches(source, { size: 10, steps: 1000, random: stream(2) });
  const seen = new Map<number, number>();
  for (const item of batches.items) seen.set(item, (seen.get(item) ?? 0) + 1);
  const expected = 10_000 / items.length;
  for (const item of items) {
    assert.ok(Math.abs((seen.get(item) ?? 0) - expected) < 0.25 * expected, `item ${item}`);
  }
});

Deno.test("sampleBatches() begins alike whatever the number of steps", () => {
  const short = sampleBatches(source, { size: 16, steps: 5, random: stream(3) });
  const long = sampleBatches(source, { size: 16, steps: 50, random: stream(3) });
  assert.deepEqual(short.items, long.items.subarray(0, 80));
  assert.deepEqual(short.captions, long.captions.subarray(0, 80));
  const other = sampleBatches(source, { size: 16, steps: 5, random: stream(4) });
  assert.notDeepEqual(short.items, other.items);
});

Deno.test("sampleBatches() chooses among the captions that an item has, all of them in time", () => {
  const { items: chosen, captions } = sampleBatches(source, {
    size: 20,
    steps: 300,
    random: stream(5),
  });
  const seen = new Set<string>();
  captions.forEach((caption, i) => {
    assert.ok(caption >= 0 && caption < captionCount[chosen[i]]);
    seen.add(`${chosen[i]} ${caption}`);
  });
  assert.equal(seen.size, items.reduce((sum, item) => sum + captionCount[item], 0));
});

Deno.test("sampleBatches() refuses a batch larger than the number of concepts", () => {
  assert.throws(
    () => sampleBatches(source, { size: 41, steps: 1, random: stream(0) }),
    /a batch of 41 needs as many concepts, the items have 40/,
  );
});
