// The exact choice of groups: ties, ends, sizes; against plain sorting on the host.

import assert from "node:assert/strict";
import { keepTop, type KeepTopOptions } from "../../../methods/budget/mod.ts";
import { fromNumbers, ndarray, type Tensor, toNumbers, vmap } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { evaluate } from "../tensor/harness.ts";

async function kept(scores: readonly number[], budget: number, options?: KeepTopOptions) {
  const f = (s: Tensor, b: Tensor) => keepTop(s, b, options);
  const args = [
    fromNumbers(scores, [scores.length]),
    ndarray(Int32Array.of(budget), []),
  ] as const;
  return toNumbers(await evaluate(f, [...args]));
}

Deno.test("exactly the budget is kept, for every budget from 0 to more than there are", async () => {
  const scores = toNumbers(stream(3, "scores").normal([9]));
  const sorted = [...scores].sort((a, b) => b - a);
  for (let budget = 0; budget <= 11; budget++) {
    const best = sorted.slice(0, budget);
    assert.deepEqual(await kept(scores, budget), scores.map((s) => Number(best.includes(s))));
  }
});

Deno.test("ties fall to the lower index: equal, all zero, negative", async () => {
  assert.deepEqual(await kept([0.5, 1, 0.5, 0.5], 2), [1, 1, 0, 0]);
  assert.deepEqual(await kept([0, 0, 0, 0, 0], 3), [1, 1, 1, 0, 0]);
  assert.deepEqual(await kept([-1, -1, -2], 1), [1, 0, 0]);
});

Deno.test("with sizes no more than the budget is kept, or the group across it too", async () => {
  const scores = [4, 1, 3, 2], sizes = [2, 5, 3, 4];
  // By score: 2, then 3, then 4, then 5 units.
  assert.deepEqual(await kept(scores, 8, { sizes }), [1, 0, 1, 0]);
  assert.deepEqual(await kept(scores, 9, { sizes }), [1, 0, 1, 1]);
  assert.deepEqual(await kept(scores, 1, { sizes }), [0, 0, 0, 0]);
  assert.deepEqual(await kept(scores, 8, { sizes, boundary: "across" }), [1, 0, 1, 1]);
  // A group that begins just where the budget ends stays too, as with a threshold compared by <.
  assert.deepEqual(await kept(scores, 5, { sizes, boundary: "across" }), [1, 0, 1, 1]);
  assert.deepEqual(await kept(scores, 14, { sizes }), [1, 1, 1, 1]);
});

Deno.test("vmap() ranks each seed by itself", async () => {
  const f = (s: Tensor, b: Tensor) => vmap((s: Tensor) => keepTop(s, b, { sizes: [1, 2, 1] }))(s);
  const scores = fromNumbers([3, 2, 1, 1, 2, 3, 1, 3, 2], [3, 3]);
  const mask = await evaluate(f, [scores, ndarray(Int32Array.of(2), [])]);
  assert.deepEqual(toNumbers(mask), [1, 0, 0, 0, 0, 1, 0, 1, 0]);
});
