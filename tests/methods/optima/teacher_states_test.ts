/** Gathering batches: every array's rows belong to the same items. */

import assert from "node:assert/strict";
import { gatherBatch, takeRows } from "../../../methods/optima/teacher_states.ts";
import { type NdArray, ndarray } from "../../../methods/tensor/mod.ts";
import { dataset, TEACHER, teacherStates } from "./tiny.ts";

Deno.test("takeRows() copies rows in the order asked for, repeats included", () => {
  const array = ndarray(Float32Array.from({ length: 12 }, (_, i) => i), [3, 2, 2]);
  const taken = takeRows(array, [2, 0, 2, 1], [2, 2]);
  assert.deepEqual([...taken.shape], [2, 2, 2, 2]);
  assert.deepEqual([...taken.data], [8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7]);
});

Deno.test("gatherBatch() holds the same item at the same place of every array", async () => {
  const states = await teacherStates(30);
  const items = Int32Array.of(7, 0, 21, 4, 7, 13), lead = [2, 3];
  const batch = gatherBatch(dataset, states, items, lead);
  const row = (x: NdArray, i: number, axes: number) => {
    const size = x.data.length / x.shape.slice(0, axes).reduce((a, b) => a * b, 1);
    return Array.from(x.data.subarray(i * size, (i + 1) * size), Number);
  };
  assert.deepEqual([...batch.images.shape], [2, 3, 3, 8, 8]);
  assert.deepEqual([...batch.tokens.shape], [2, 3, 6]);
  assert.deepEqual([...batch.group.shape], [2, 3]);
  assert.deepEqual([...batch.targets.text[0].shape], [2, 3, 7, TEACHER.width]);
  items.forEach((item, i) => {
    const pixels = dataset.pixels.subarray(item * 192, (item + 1) * 192);
    assert.deepEqual(
      row(batch.images, i, 2),
      Array.from(pixels, (p) => Math.fround(p / 127.5 - 1)),
    );
    assert.deepEqual(row(batch.tokens, i, 2), row(dataset.tokens([item]), 0, 1));
    assert.equal(batch.group.data[i], dataset.items[item].concept % 3);
    for (const module of ["image", "text", "multimodal"] as const) {
      assert.deepEqual(
        row(batch.targets[module][0], i, 2),
        row(states.targets[module][0], item, 1),
        module,
      );
    }
    assert.deepEqual(row(batch.teacherImage, i, 2), row(states.image, item, 1));
    assert.deepEqual(row(batch.teacherText, i, 2), row(states.text, item, 1));
  });
});
