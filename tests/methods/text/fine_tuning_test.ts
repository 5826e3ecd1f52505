// Rows, rates and chunks of fine-tuning on texts.

import assert from "node:assert/strict";
import { learningRates } from "../../../methods/optim/mod.ts";
import { toNumbers, zeros } from "../../../methods/tensor/mod.ts";
import { inChunks, risingRate, textRows } from "../../../methods/text/fine_tuning.ts";

Deno.test("a seed sees each of its texts once before any twice, and seeds see others", () => {
  const options = { texts: 12, steps: 6, batch: 4 };
  const rows = textRows(3, 100, options);
  assert.deepEqual(rows.shape, [6, 4]);
  const [first, second] = [toNumbers(rows).slice(0, 12), toNumbers(rows).slice(12)];
  assert.equal(new Set(first).size, 12);
  assert.deepEqual(first.toSorted(), second.toSorted());
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(toNumbers(textRows(4, 100, options)), toNumbers(rows));
});

Deno.test("the learning rate rises to its value, then falls to 0 in a straight line", () => {
  const rates = toNumbers(learningRates(risingRate(0.4, { steps: 6, rise: 2 }), 0, 6));
  [0.2, 0.3, 0.4, 0.3, 0.2, 0.1].forEach((x, i) =>
    assert.ok(Math.abs(rates[i] - x) < 1e-6, `${i}`)
  );
  const falls = toNumbers(learningRates(risingRate(0.4, { steps: 4, rise: 0 }), 0, 4));
  assert.ok(Math.abs(falls[0] - 0.4) < 1e-6);
});

Deno.test("texts that do not fill chunks are refused", () => {
  const batch = (n: number) => ({
    ids: zeros([n, 5], "int32"),
    mask: zeros([n, 5], "int32"),
    labels: zeros([n], "int32"),
  });
  assert.deepEqual(inChunks(batch(100)).ids.shape, [2, 50, 5]);
  assert.throws(() => inChunks(batch(60)), RangeError);
});
