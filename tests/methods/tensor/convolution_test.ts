// Convolutions and pooling: derivatives to third order, refusals.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { type Case, checkGradients, checkThirdOrder } from "./derivatives.ts";

const cases: Case[] = [
  ["conv1d", [[2, 2, 6], [3, 2, 3]], (x, w) => t.conv1d(x, w, { padding: [[2, 0]] })],
  ["conv1d groups", [[1, 4, 7], [4, 2, 2]], (x, w) => t.conv1d(x, w, { groups: 2, stride: 2 })],
  [
    "conv2d groups dilation",
    [[2, 4, 5, 5], [6, 2, 2, 3]],
    (x, w) => t.conv2d(x, w, { groups: 2, dilation: [2, 1], padding: [[1, 2], [0, 1]] }),
  ],
  [
    "conv2d depthwise stride",
    [[1, 3, 6, 5], [3, 1, 3, 2]],
    (x, w) => t.conv2d(x, w, { groups: 3, stride: [2, 3], padding: "same" }),
  ],
  ["conv2d wide padding", [[1, 1, 2, 2], [2, 1, 2, 2]], (x, w) => t.conv2d(x, w, { padding: 3 })],
  [
    "convTranspose1d",
    [[2, 3, 4], [3, 2, 3]],
    (x, w) => t.convTranspose1d(x, w, { stride: 2, padding: 1, outputPadding: 1 }),
  ],
  [
    "convTranspose2d groups dilation",
    [[1, 4, 3, 3], [4, 2, 2, 3]],
    (x, w) =>
      t.convTranspose2d(x, w, {
        groups: 2,
        stride: [2, 1],
        dilation: [1, 2],
        padding: [[0, 1], 1],
        outputPadding: [1, 0],
      }),
  ],
  [
    "maxPool",
    [[1, 2, 5, 4]],
    (x) => t.maxPool(x, [2, 3], { stride: [1, 2], padding: [[1, 0], 1] }),
  ],
  ["maxPool 1-D", [[2, 1, 6]], (x) => t.maxPool(x, 2)],
  ["averagePool", [[1, 2, 5, 4]], (x) => t.averagePool(x, 2, { stride: [2, 1], padding: 1 })],
  [
    "averagePool without margin",
    [[1, 1, 5]],
    (x) => t.averagePool(x, 3, { stride: 2, padding: "same", countIncludePad: false }),
  ],
  ["globalAveragePool", [[2, 2, 3, 2]], (x) => t.globalAveragePool(x)],
];

Deno.test("gradients of convolutions and pooling agree with central differences", async () => {
  await checkGradients(cases);
});

Deno.test("convolutions are right to third order", async () => {
  const smooth = (f: Case[2]): Case[2] => (...x) => t.exp(t.mul(f(...x.map(t.sin)), 0.3));
  await checkThirdOrder(cases.map(([name, shapes, f]) => [name, shapes, smooth(f)]));
});

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
