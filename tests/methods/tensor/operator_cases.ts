// Small functions of float64 tensors, one or more for each operator, by subject.
import * as t from "../../../methods/tensor/mod.ts";
import { type Case, ints, positive } from "./derivatives.ts";
import { values } from "./harness.ts";

const inside = (x: t.Tensor) => t.mul(t.tanh(x), 0.9);
const f64 = (shape: number[], seed: number) => t.constant(values(shape, seed));
const running = (c: number) => ({ mean: f64([c], 1), variance: positive(f64([c], 2)) });

const elementwise: Case[] = [
  ["tan", [[4]], (a) => t.tan(t.mul(a, 0.5))],
  ["asin", [[4]], (a) => t.asin(inside(a))],
  ["acos", [[4]], (a) => t.acos(inside(a))],
  ["atan", [[6]], (a) => t.atan(t.mul(a, 3))],
  ["atan2", [[6], [6]], (a, b) => t.atan2(a, b)],
  ["sinh", [[4]], (a) => t.sinh(t.mul(a, 2))],
  ["cosh", [[4]], (a) => t.cosh(t.mul(a, 2))],
  ["asinh", [[4]], (a) => t.asinh(t.mul(a, 2))],
  ["acosh", [[4]], (a) => t.acosh(t.add(positive(a), 1))],
  ["atanh", [[4]], (a) => t.atanh(inside(a))],
  ["log1p", [[4]], (a) => t.log1p(positive(a))],
  ["expm1", [[4]], (a) => t.expm1(t.mul(a, 2))],
  ["softplus", [[4]], (a) => t.softplus(t.mul(a, 2))],
  ["logSigmoid", [[4]], (a) => t.logSigmoid(t.mul(a, 2))],
  ["elu", [[5]], (a) => t.elu(a, 1.5)],
  ["selu", [[5]], (a) => t.selu(a)],
  ["leakyRelu", [[5]], (a) => t.leakyRelu(t.sin(a), 0.1)],
  ["mish", [[4]], (a) => t.mish(a)],
  ["hardtanh", [[6]], (a) => t.hardtanh(t.sin(a), -0.5, 0.6)],
  ["reciprocal", [[4]], (a) => t.reciprocal(positive(a))],
  ["fmod", [[5]], (a) => t.fmod(t.exp(a), 0.7)],
  ["fmod divisor", [[4], [4]], (a, b) => t.fmod(t.mul(a, 5), positive(b))],
  ["remainder", [[4], [4]], (a, b) => t.remainder(t.mul(a, 5), b)],
  [
    "old ones",
    [[3]],
    (a) =>
      t.concat([
        t.gelu(a),
        t.erf(a),
        t.tanh(a),
        t.silu(a),
        t.pow(positive(a), 1.5),
        t.sqrt(positive(a)),
      ]),
  ],
  ["pow", [[3], [3]], (a, b) => t.pow(positive(a), b)],
  ["div", [[3], [3]], (a, b) => t.div(a, positive(b))],
];

const reductions: Case[] = [
  ["prod", [[2, 3]], (a) => t.prod(a, 1)],
  ["prod of zeros", [[2, 3]], (a) => t.prod(t.mul(a, zeroed([2, 3])))],
  ["prod all", [[2, 2]], (a) => t.prod(a)],
  ["norm 1", [[2, 3]], (a) => t.norm(t.sin(a), 1, { p: 1 })],
  ["norm 2", [[2, 3]], (a) => t.norm(a, 1, { keepDims: true })],
  ["norm 3", [[2, 3]], (a) => t.norm(a, undefined, { p: 3 })],
  ["norm inf", [[2, 3]], (a) => t.norm(t.sin(a), 0, { p: Infinity })],
  ["l2Normalize", [[2, 3]], (a) => t.l2Normalize(a)],
  ["std", [[2, 3]], (a) => t.std(a, 1, { correction: 1 })],
  ["logSumExp", [[2, 3, 2]], (a) => t.logSumExp(a, [0, 2])],
  ["mean variance", [[2, 3]], (a) => t.mul(t.mean(a, 0), t.variance(a, 0))],
  ["cumsum", [[2, 4]], (a) => t.square(t.cumsum(t.sin(a), 1, { exclusive: true }))],
  ["cumsum reverse", [[3, 2]], (a) => t.square(t.cumsum(t.sin(a), 0, { reverse: true }))],
  ["cumprod", [[2, 5]], (a) => t.cumprod(a, 1)],
  ["cumprod exclusive", [[5, 2]], (a) => t.cumprod(a, 0, { exclusive: true, reverse: true })],
  ["sort", [[2, 5]], (a) => t.square(t.sort(t.sin(a), 1, { descending: true }))],
  ["topK", [[4, 2]], (a) => t.exp(t.topK(t.sin(a), 2, { axis: 0, largest: false })[0])],
  ["softmax", [[2, 3]], (a) => t.softmax(a)],
  ["logSoftmax", [[2, 3]], (a) => t.logSoftmax(a)],
];

/** A constant with one zero. */
function zeroed(shape: number[]): t.Tensor {
  const array = values(shape, 5);
  array.data[1] = 0;
  return t.constant(array);
}

const structure: Case[] = [
  ["flip", [[2, 3]], (a) => t.mul(t.flip(a, 1), t.flip(t.sin(a)))],
  ["roll", [[2, 3]], (a) => t.mul(t.roll(a, -1, 1), t.sin(t.roll(a, 4)))],
  ["tile", [[2, 1]], (a) => t.exp(t.mul(t.tile(a, [2, 1, 3]), f64([2, 2, 3], 4)))],
  ["repeat", [[2, 2]], (a) => t.exp(t.mul(t.repeat(a, 2, 1), f64([2, 4], 4)))],
  ["tril triu", [[3, 3]], (a) => t.add(t.exp(t.tril(a)), t.sin(t.triu(a, 1)))],
  ["diagonal", [[3, 2, 4]], (a) => t.exp(t.diagonal(a, { offset: 1, axis1: 0, axis2: 2 }))],
  ["trace", [[3, 3]], (a) => t.exp(t.trace(t.mul(a, a)))],
  ["diagonalMatrix", [[2, 2]], (a) => t.exp(t.diagonalMatrix(a, -1))],
  ["gatherND", [[3, 4, 2]], (a) => t.exp(t.gatherND(a, ints([0, 1, -1, 2, 0, 1], [3, 2])))],
  ["scatter", [[4, 2], [2, 2]], (a, b) => t.exp(t.scatter(a, ints([2, 0]), b))],
  ["scatter axis 1", [[2, 3], [2, 2]], (a, b) => t.exp(t.scatter(a, ints([2, -3]), b, 1))],
  ["scatterND", [[3, 4], [2]], (a, b) => t.exp(t.scatterND(a, ints([0, 1, -1, 2], [2, 2]), b))],
  [
    "scatterAddND",
    [[3, 4, 2], [2, 4, 2]],
    (a, b) => t.exp(t.scatterAddND(a, ints([1, 1], [2, 1]), b)),
  ],
  [
    "putAlongAxis",
    [[2, 3], [2, 2]],
    (a, b) => t.exp(t.putAlongAxis(a, ints([0, 2, 1, 0], [2, 2]), b, 1)),
  ],
  [
    "dynamicSlice",
    [[4, 3]],
    (a) => t.exp(t.dynamicSlice(a, [ints([3], []), ints([-3], [])], [2, 2])),
  ],
  [
    "dynamicUpdateSlice",
    [[4, 3], [2, 2]],
    (a, b) => t.exp(t.dynamicUpdateSlice(a, b, [ints([1], []), ints([9], [])])),
  ],
  ["einsum product", [[2, 3], [3, 2]], (a, b) => t.exp(t.einsum("ij,jk->ki", a, b))],
  ["einsum three", [[2, 3], [3, 2, 2], [2]], (a, b, c) => t.exp(t.einsum("ij,jkl,l->ik", a, b, c))],
  ["einsum diagonal", [[3, 3], [3]], (a, b) => t.exp(t.einsum("ii,i->i", a, b))],
  ["einsum ellipsis", [[2, 1, 3], [2, 3, 2]], (a, b) => t.sin(t.einsum("...ij,...jk", a, b))],
  ["matmul", [[2, 2, 3], [2, 3, 2]], (a, b) => t.exp(t.matmul(a, b))],
  [
    "concat slice pad",
    [[3], [2]],
    (a, b) => t.exp(t.pad(t.slice(t.concat([a, b]), [1], [4]), [[1, 0]])),
  ],
];

const normalization: Case[] = [
  ["batchNorm", [[3, 2, 2], [2], [2]], (x, s, b) => t.batchNorm(x, s, b, running(2))],
  [
    "batchNormTraining",
    [[3, 2, 2], [2], [2]],
    (x, s, b) => t.sin(t.batchNormTraining(x, s, b, running(2), { epsilon: 0.1 })[0]),
  ],
  [
    "batchNormTraining last axis",
    [[4, 2], [2], [2]],
    (x, s, b) => t.batchNormTraining(x, s, b, running(2), { axis: -1, epsilon: 0.1 })[0],
  ],
  ["groupNorm", [[2, 4, 3], [4], [4]], (x, s, b) => t.groupNorm(x, 2, s, b, 0.1)],
  ["instanceNorm", [[2, 2, 3], [2], [2]], (x, s, b) => t.sin(t.instanceNorm(x, s, b, 0.1))],
  ["rmsNorm", [[2, 4], [4]], (x, s) => t.sin(t.rmsNorm(x, s, 0.1))],
  ["layerNorm", [[2, 4], [4], [4]], (x, s, b) => t.sin(t.layerNorm(x, s, b, 0.1))],
];

const soft = (x: t.Tensor) => t.sigmoid(x);
const losses: Case[] = [
  ["meanSquaredError", [[2, 3], [2, 3]], (a, b) => t.meanSquaredError(t.sin(a), b)],
  ["meanAbsoluteError", [[2, 3], [2, 3]], (a, b) => t.meanAbsoluteError(t.exp(a), b)],
  ["huber", [[2, 3], [2, 3]], (a, b) => t.huber(t.exp(a), b, { delta: 0.7, reduction: "sum" })],
  [
    "smoothL1",
    [[2, 3], [2, 3]],
    (a, b) => t.smoothL1(t.exp(a), b, { beta: 0.7, reduction: "none" }),
  ],
  [
    "binaryCrossEntropyWithLogits",
    [[5], [5]],
    (a, b) => t.binaryCrossEntropyWithLogits(t.mul(a, 3), soft(b), { positiveWeight: 2.5 }),
  ],
  [
    "binaryCrossEntropy unweighted",
    [[5], [5]],
    (a, b) => t.binaryCrossEntropyWithLogits(t.mul(a, 3), soft(b)),
  ],
  ["klDivergence", [[2, 3], [2, 3]], (a, b) => t.klDivergence(a, b, { temperature: 2 })],
  [
    "negativeLogLikelihood",
    [[2, 3]],
    (a) => t.negativeLogLikelihood(t.logSoftmax(a), ints([2, 0])),
  ],
];

const convolutions: Case[] = [
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

/** All of them. */
export const operatorCases = {
  elementwise,
  reductions,
  structure,
  convolutions,
  normalization,
  losses,
};
