// Every operator's gradient against central differences in float64: all cases in two sessions.
import * as t from "../../../methods/tensor/mod.ts";
import { type Case, checkGradients, ints, positive } from "./derivatives.ts";

const cases: Case[] = [
  ["add broadcast", [[2, 3], [3]], (a, b) => t.add(a, b)],
  ["sub broadcast", [[2, 1], [1, 3]], (a, b) => t.sub(a, b)],
  ["mul broadcast", [[2, 3], [2, 1]], (a, b) => t.mul(a, b)],
  ["div", [[2, 3], [3]], (a, b) => t.div(a, positive(b))],
  ["pow tensor", [[2, 2], [2]], (a, b) => t.pow(positive(a), b)],
  ["pow constant", [[4]], (a) => t.pow(positive(a), 2.5)],
  ["pow small", [[4]], (a) => t.add(t.pow(a, 3), t.add(t.pow(a, 2), t.pow(positive(a), -0.5)))],
  ["neg exp", [[4]], (a) => t.exp(t.neg(a))],
  [
    "log sqrt rsqrt",
    [[4]],
    (a) => t.mul(t.log(positive(a)), t.add(t.sqrt(positive(a)), t.rsqrt(positive(a)))),
  ],
  ["abs", [[5]], (a) => t.abs(a)],
  ["sin cos", [[4]], (a) => t.mul(t.sin(a), t.cos(t.mul(a, 2)))],
  ["tanh", [[4]], (a) => t.tanh(a)],
  ["erf", [[6]], (a) => t.erf(t.mul(a, 3))],
  ["sigmoid", [[4]], (a) => t.sigmoid(a)],
  ["relu", [[5]], (a) => t.relu(a)],
  ["gelu", [[5]], (a) => t.gelu(t.mul(a, 2))],
  ["gelu tanh", [[4]], (a) => t.gelu(a, "tanh")],
  ["silu", [[4]], (a) => t.silu(a)],
  ["maximum", [[2, 3], [3]], (a, b) => t.maximum(a, b)],
  ["minimum", [[2, 3], [3]], (a, b) => t.minimum(a, b)],
  ["clip", [[6]], (a) => t.clip(a, -0.5, 0.5)],
  ["where", [[2, 3], [3]], (a, b) => t.where(t.greater(a, 0), t.square(a), b)],
  ["cast", [[3]], (a) => t.cast(t.cast(t.mul(a, a), "float64"), "float64")],
  ["sum axis", [[2, 3, 2]], (a) => t.square(t.sum(a, 1))],
  ["sum keep", [[2, 3]], (a) => t.mul(a, t.sum(a, -1, { keepDims: true }))],
  ["mean", [[2, 3]], (a) => t.square(t.mean(a, 0))],
  ["variance", [[2, 3]], (a) => t.variance(a, -1)],
  ["reduceMax", [[3, 3]], (a) => t.reduceMax(a, 1)],
  ["reduceMin", [[3, 3]], (a) => t.reduceMin(a, 0, { keepDims: true })],
  ["reshape transpose", [[2, 3]], (a) => t.mul(t.transpose(a), t.reshape(a, [3, -1]))],
  ["transpose 3d", [[2, 3, 2]], (a) => t.square(t.transpose(a, [1, 2, 0]))],
  ["broadcastTo", [[3, 1]], (a) => t.square(t.broadcastTo(a, [2, 3, 2]))],
  ["expandDims squeeze", [[2, 1]], (a) => t.mul(t.expandDims(t.squeeze(a), 1), a)],
  ["matmul 2d", [[2, 3], [3, 4]], (a, b) => t.matmul(a, b)],
  ["matmul 3d 2d", [[2, 2, 3], [3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul batched", [[2, 2, 3], [2, 3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul broadcast", [[2, 1, 2, 3], [2, 3, 2]], (a, b) => t.matmul(a, b)],
  [
    "matmul transposed",
    [[2, 3, 2], [2, 2, 3]],
    (a, b) => t.matmul(t.matrixTranspose(a), t.matrixTranspose(b)),
  ],
  ["matmul transposed 2d", [[3, 2], [4, 3]], (a, b) => t.matmul(t.transpose(a), t.transpose(b))],
  ["matmul vectors", [[3], [3, 2], [2]], (a, b, c) => t.matmul(t.matmul(a, b), c)],
  ["linear with bias", [[2, 2, 3], [3, 4], [4]], (x, w, b) => t.square(t.add(t.matmul(x, w), b))],
  ["concat", [[2, 2], [2, 3]], (a, b) => t.square(t.concat([a, b], 1))],
  ["stack", [[3], [3]], (a, b) => t.square(t.stack([a, b], 1))],
  ["split", [[5]], (a) => {
    const [x, , z] = t.split(a, [2, 1, 2]);
    return t.mul(x, z);
  }],
  ["slice", [[3, 4]], (a) => t.square(t.slice(a, [1, -3], [3, -1]))],
  ["slice steps", [[3, 4]], (a) => t.square(t.slice(a, [null, 0], [null, 4], [-1, 2]))],
  ["pad", [[2, 2]], (a) => t.square(t.pad(a, [[1, 0], [0, 2]], 0.5))],
  ["take", [[4, 2]], (a) => t.square(t.take(a, ints([3, 1, 1, 0], [2, 2])))],
  ["take axis 1", [[2, 4]], (a) => t.square(t.take(a, ints([3, 1, 1]), 1))],
  ["takeAlongAxis", [[2, 4]], (a) => t.square(t.takeAlongAxis(a, ints([3, 1, 1, 0], [2, 2]), 1))],
  ["scatterAdd", [[4, 2], [3, 2]], (a, b) => t.square(t.scatterAdd(a, ints([2, 0, 2]), b))],
  ["scatterAdd axis 1", [[2, 3], [2, 2]], (a, b) => t.square(t.scatterAdd(a, ints([2, 2]), b, 1))],
  [
    "addAlongAxis",
    [[2, 3], [2, 2]],
    (a, b) => t.square(t.addAlongAxis(a, ints([0, 0, 1, 2], [2, 2]), b, 1)),
  ],
  ["softmax", [[2, 3]], (a) => t.softmax(a)],
  ["softmax axis 0", [[3, 2]], (a) => t.softmax(a, 0)],
  ["logSoftmax", [[2, 3]], (a) => t.logSoftmax(a)],
  ["logSumExp", [[2, 3]], (a) => t.logSumExp(a, 1)],
  ["layerNorm", [[2, 2, 4], [4], [4]], (x, s, b) => t.layerNorm(x, s, b)],
  ["layerNorm two axes", [[2, 2, 3], [2, 3], [2, 3]], (x, s, b) => t.layerNorm(x, s, b, 1e-3, 1)],
  ["crossEntropy", [[2, 2, 3]], (x) => t.crossEntropy(x, ints([0, 2, 1, 1], [2, 2]))],
  [
    "crossEntropy mask",
    [[4, 3]],
    (x) =>
      t.crossEntropy(x, ints([0, 2, 1, 1]), { mask: t.fromNumbers([1, 0, 1, 1], [4], "float64") }),
  ],
  ["conv2d", [[2, 2, 4, 4], [3, 2, 3, 3]], (x, w) => t.conv2d(x, w, { padding: 1 })],
  ["conv2d stride", [[1, 2, 5, 4], [2, 2, 2, 2]], (x, w) => t.conv2d(x, w, { stride: 2 })],
  ["ravel", [[2, 2], [3]], (a, b) => {
    const { flat, unravel } = t.ravel({ a, b: [b] });
    return t.sum(t.square(unravel(t.mul(flat, flat)).b[0]));
  }],
  ["repeated use", [[3]], (a) => t.mul(t.exp(a), t.add(t.exp(a), a))],
  ["inner gradient", [[3]], (a) => t.grad((x: t.Tensor) => t.sum(t.exp(t.mul(x, a))))(t.square(a))],
];

Deno.test("gradients agree with central differences", () => checkGradients(cases));
