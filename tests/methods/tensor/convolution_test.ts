// Convolutions and pooling refuse what does not fit.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";

Deno.test("convolutions and pooling refuse what does not fit", () => {
  const x = t.constant(t.zeros([1, 4, 5, 5])), w = t.constant(t.zeros([6, 2, 3, 3]));
  const refuse = (f: () => unknown, message: RegExp) =>
    assert.throws(f, (e) => e instanceof t.TensorError && message.test(e.message));
  refuse(() => t.conv2d(x, w), /conv2d: channels of float32\[1, 4, 5, 5\] .* in 1 groups/);
  refuse(() => t.conv2d(x, w, { groups: 4 }), /in 4 groups/);
  refuse(() => t.conv2d(x, w, { groups: 2, stride: 0 }), /stride must be an integer ≥ 1/);
  refuse(() => t.conv2d(x, w, { groups: 2, padding: [1] }), /padding must be "same"/);
  refuse(() => t.conv2d(x, w, { groups: 2, dilation: 3 }), /larger than the padded image/);
  refuse(() => t.conv1d(x, w), /conv1d: .*\[n, c, l\]/);
  refuse(() => t.convTranspose2d(x, w), /channels of/);
  refuse(
    () => t.convTranspose2d(x, t.constant(t.zeros([4, 2, 3, 3])), { outputPadding: 1 }),
    /outputPadding 1 must be below the stride/,
  );
  refuse(() => t.maxPool(x, 2, { padding: 2 }), /wider than half of the window/);
  refuse(() => t.averagePool(x, 6), /window \[6, 6\] is larger/);
  refuse(() => t.maxPool(t.constant(t.zeros([2, 3])), 2), /maxPool: expected floats/);
});
