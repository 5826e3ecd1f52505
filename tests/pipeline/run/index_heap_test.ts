/** The queue of the scheduler against sorting. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { IndexHeap } from "../../../pipeline/run/index_heap.ts";

Deno.test("IndexHeap gives back the smallest number first, between pushes too", () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 200 }), (steps) => {
    const heap = new IndexHeap();
    const model: number[] = [];
    for (const step of steps) {
      if (step === null) assert.equal(heap.pop(), model.shift() ?? Infinity);
      else {
        heap.push(step);
        model.push(step);
        model.sort((a, b) => a - b);
      }
      assert.equal(heap.first, model[0] ?? Infinity);
    }
  }));
});
