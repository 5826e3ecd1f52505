// Small functions that use every operator between them, for tests of transformations.
import * as t from "../../../methods/tensor/mod.ts";
import { values } from "./harness.ts";

/** A function of float64 tensors of given shapes. */
export type Case = readonly [
  name: string,
  shapes: readonly (readonly number[])[],
  f: (...args: t.Tensor[]) => t.Tensor,
];

const ints = (list: readonly number[], shape: readonly number[]) =>
  t.constant(t.fromNumbers(list, shape, "int64"));
const positive = (x: t.Tensor) => t.add(t.square(x), 0.5);
/** Indices of the rank of `x`, different for each example: the order of its own elements. */
const place = (x: t.Tensor, axis: number) => {
  const first = t.argmax(x, axis);
  return t.expandDims(first, axis);
};

/** All of them; indices are computed from values, so that they differ between examples. */
export const cases: readonly Case[] = [
  ["add", [[2, 3], [3]], (a, b) => t.add(a, b)],
  ["mul of other ranks", [[2, 3], []], (a, b) => t.mul(a, b)],
  ["div", [[3], [2, 1]], (a, b) => t.div(a, positive(b))],
  ["pow", [[3], [2, 3]], (a, b) => t.pow(positive(a), b)],
  ["maximum", [[2, 3], [3]], (a, b) => t.maximum(a, b)],
  ["unary", [[4]], (a) => t.add(t.sin(t.exp(a)), t.tanh(t.sqrt(positive(a))))],
  ["activations", [[4]], (a) => t.add(t.gelu(a), t.mul(t.relu(a), t.sigmoid(t.abs(a))))],
  [
    "sum",
    [[2, 3, 2]],
    (a) => t.mul(t.sum(a, [0, 2]), t.sum(t.square(a), [1, 2], { keepDims: true })),
  ],
  ["mean", [[2, 3]], (a) => t.sub(a, t.mean(a, -1, { keepDims: true }))],
  ["max and min", [[2, 3]], (a) => t.add(t.max(a, 0), t.min(a))],
  ["argmax", [[2, 3]], (a) => t.mul(t.cast(t.argmax(a, 0), "float64"), t.sum(a, 0))],
  ["variance", [[2, 3]], (a) => t.variance(a, 1)],
  ["reshape, transpose", [[2, 3]], (a) => t.transpose(t.reshape(a, [3, 1, 2]), [2, 0, 1])],
  ["broadcastTo", [[3, 1]], (a) => t.square(t.broadcastTo(a, [2, 3, 4]))],
  ["matmul", [[2, 3], [3, 4]], (a, b) => t.matmul(a, b)],
  ["matmul of vectors", [[3], [3]], (a, b) => t.matmul(a, b)],
  ["matmul vector matrix", [[3], [3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul transposed", [[3, 2], [4, 3]], (a, b) => t.matmul(t.transpose(a), t.transpose(b))],
  ["matmul batches", [[2, 2, 3], [2, 3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul lifted", [[2, 3], [2, 3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul rows", [[4, 2, 3], [3, 2]], (a, b) => t.matmul(a, b)],
  ["matmul twice", [[2, 3], [3, 2]], (a, b) => t.matmul(t.matmul(a, b), t.transpose(b))],
  ["concat", [[2, 3], [1, 3]], (a, b) => t.concat([a, b, a], 0)],
  ["stack", [[3], [3]], (a, b) => t.stack([a, b], 1)],
  ["split", [[2, 4]], (a) => t.mul(...(t.split(a, [2, 2], 1) as [t.Tensor, t.Tensor]))],
  ["slice", [[3, 4]], (a) => t.slice(a, [1, -3], [3, -1])],
  ["slice steps", [[3, 4]], (a) => t.slice(a, [null, 0], [null, 4], [-1, 2])],
  ["pad", [[2, 2]], (a) => t.pad(a, [[1, 0], [0, 2]], 0.5)],
  ["take", [[4, 2]], (a) => t.take(a, ints([3, -1, 1, 0], [2, 2]))],
  ["take by own indices", [[4, 2], [3, 4]], (a, b) => t.take(a, t.sub(t.argmax(b), 2))],
  ["take along axis 1", [[2, 3, 2], [4, 3]], (a, b) => t.take(a, t.argmax(b), 1)],
  ["takeAlongAxis", [[2, 3], [2, 3]], (a, b) => t.takeAlongAxis(a, place(b, 1), 1)],
  [
    "addAlongAxis",
    [[2, 3], [2, 3], [2, 1]],
    (a, b, c) => t.addAlongAxis(a, place(b, 1), c, 1),
  ],
  ["scatterAdd", [[4, 2], [3, 4], [3, 2]], (a, b, c) => t.scatterAdd(a, t.argmax(b), c)],
  ["oneHot", [[2, 3]], (a) => t.mul(t.oneHot(t.argmax(a), 3, "float64"), a)],
  ["softmax", [[2, 3]], (a) => t.softmax(a, 0)],
  ["logSoftmax", [[2, 3]], (a) => t.logSoftmax(a)],
  ["logSumExp", [[2, 3]], (a) => t.logSumExp(a, 1)],
  ["layerNorm", [[2, 3], [3], [3]], (a, b, c) => t.layerNorm(a, b, c)],
  [
    "layerNorm of two axes",
    [[2, 2, 3], [2, 3], [2, 3]],
    (a, b, c) => t.layerNorm(a, b, c, 1e-5, 1),
  ],
  [
    "crossEntropy",
    [[2, 3], [2, 3]],
    (a, b) => t.crossEntropy(a, t.argmax(b)),
  ],
  ["where", [[2, 3], [3], []], (a, b, c) => t.where(t.less(a, b), t.mul(a, c), b)],
  [
    "logic",
    [[3], [3]],
    (a, b) =>
      t.where(
        t.logicalOr(t.logicalAnd(t.less(a, 0), t.lessEqual(a, b)), t.logicalNot(t.less(b, 0.5))),
        a,
        b,
      ),
  ],
  ["cast", [[3]], (a) => t.cast(t.cast(a, "float32"), "float64")],
  ["stopGradient", [[3]], (a) => t.mul(t.stopGradient(a), a)],
  [
    "conv2d",
    [[2, 2, 4, 5], [3, 2, 2, 3]],
    (a, b) => t.conv2d(a, b, { stride: [2, 1], padding: [1, 0], dilation: [1, 2] }),
  ],
  ["conv1d", [[2, 4, 5], [4, 2, 3]], (a, b) => t.conv1d(a, b, { padding: 1, groups: 2 })],
  [
    "convTranspose2d",
    [[2, 4, 3, 2], [4, 1, 2, 3]],
    (a, b) => t.convTranspose2d(a, b, { stride: 2, padding: 1, groups: 2 }),
  ],
  ["pooling", [[1, 2, 4, 4]], (a) => t.add(t.maxPool(a, 2), t.averagePool(a, 2))],
  ["cumsum, cumprod", [[2, 3]], (a) => t.mul(t.cumsum(a, 1), t.cumprod(a, 0))],
  ["sort", [[2, 4]], (a) => t.mul(t.sort(a, 1), t.cast(t.argsort(a, 1), "float64"))],
  ["prod and norm", [[2, 3]], (a) => t.mul(t.prod(a, 1), t.norm(a, 1))],
  ["argmin", [[2, 3]], (a) => t.mul(t.cast(t.argmin(a, 0), "float64"), t.sum(a, 0))],
  ["putAlongAxis", [[2, 3], [2, 3], [2, 1]], (a, b, c) => t.putAlongAxis(a, place(b, 1), c, 1)],
  ["gatherND", [[4, 3, 2], [2, 3]], (a, b) => t.gatherND(a, t.expandDims(t.argmax(b), 1))],
  [
    "scatterAddND",
    [[3, 2], [2, 3], [2, 2]],
    (a, b, c) => t.scatterAddND(a, t.expandDims(t.argmax(b), 1), c),
  ],
  [
    "dynamicSlice",
    [[4, 3], [3]],
    (a, b) => t.dynamicSlice(a, [t.argmax(b), t.constant(1, "int64")], [2, 2]),
  ],
  [
    "dynamicUpdateSlice",
    [[4, 3], [3], [2, 2]],
    (a, b, c) => t.dynamicUpdateSlice(a, c, [t.argmax(b), t.constant(1, "int64")]),
  ],
  ["einsum", [[2, 3, 4], [4, 2, 3]], (a, b) => t.einsum("ijk,kil->jl", a, b)],
  ["groupNorm", [[2, 4, 2], [4], [4]], (a, b, c) => t.groupNorm(a, 2, b, c)],
  ["rmsNorm", [[2, 3], [3]], (a, b) => t.rmsNorm(a, b)],
  ["triangles and diagonals", [[3, 3]], (a) => t.mul(t.tril(a), t.diagonal(a))],
  ["constants", [[3]], (a) => t.add(t.mul(a, 0), t.constant(values([3], 5)))],
];
