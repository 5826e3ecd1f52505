// How each operator is called by name, for programs that PyTorch interprets too (torch_programs.py).
import * as t from "../../methods/tensor/mod.ts";
import { type Call, furtherOperators, type Options } from "./operators_further.ts";

type Axes = number | readonly number[] | undefined;
type Reduction = (x: t.TensorLike, axes?: Axes, options?: t.ReduceOptions) => t.Tensor;

const unary = (f: (x: t.TensorLike) => t.Tensor): Call => ([x]) => f(x);
const binary = (f: (a: t.TensorLike, b: t.TensorLike) => t.Tensor): Call => ([a, b]) => f(a, b);
const reduction = (f: Reduction): Call => ([x], { axes, keepDims }) =>
  f(x, axes as Axes, keepDims === undefined ? {} : { keepDims: keepDims as boolean });
const alongAxis = (f: (x: t.TensorLike, axis?: number) => t.Tensor): Call => ([x], { axis }) =>
  f(x, axis as number | undefined);
const numbers = (x: unknown) => x as number[];
const axisOf = (o: Options) => o.axis as number | undefined;

/** Names are exports of methods/tensor, whose calls these are. */
export const operators: Record<string, Call> = {
  ...furtherOperators,
  ...Object.fromEntries(
    Object.entries({
      ...{ neg: t.neg, exp: t.exp, log: t.log, sqrt: t.sqrt, rsqrt: t.rsqrt, square: t.square },
      ...{ abs: t.abs, sign: t.sign, floor: t.floor, sin: t.sin, cos: t.cos, tanh: t.tanh },
      ...{ sigmoid: t.sigmoid, erf: t.erf, relu: t.relu, silu: t.silu, logicalNot: t.logicalNot },
      ...{ matrixTranspose: t.matrixTranspose, ceil: t.ceil, round: t.round, trunc: t.trunc },
      ...{ reciprocal: t.reciprocal, isNaN: t.isNaN, isInf: t.isInf, isFinite: t.isFinite },
      ...{ acos: t.acos, acosh: t.acosh, asin: t.asin, asinh: t.asinh, atan: t.atan },
      ...{ atanh: t.atanh, cosh: t.cosh, sinh: t.sinh, tan: t.tan, expm1: t.expm1 },
      ...{ log1p: t.log1p, logSigmoid: t.logSigmoid, mish: t.mish, selu: t.selu },
      ...{ softplus: t.softplus },
    }).map(([name, f]) => [name, unary(f)]),
  ),
  ...Object.fromEntries(
    Object.entries({
      ...{ add: t.add, sub: t.sub, mul: t.mul, div: t.div, pow: t.pow, matmul: t.matmul },
      ...{ maximum: t.maximum, minimum: t.minimum, equal: t.equal, less: t.less },
      ...{ lessEqual: t.lessEqual, greater: t.greater, greaterEqual: t.greaterEqual },
      ...{ logicalAnd: t.logicalAnd, logicalOr: t.logicalOr, logicalXor: t.logicalXor },
      ...{ notEqual: t.notEqual, fmod: t.fmod, remainder: t.remainder, atan2: t.atan2 },
      ...{ floorDivide: t.floorDivide, gatherND: t.gatherND },
    }).map(([name, f]) => [name, binary(f)]),
  ),
  ...Object.fromEntries(
    Object.entries({
      ...{ sum: t.sum, mean: t.mean, variance: t.variance, logSumExp: t.logSumExp },
      ...{ reduceMax: t.reduceMax, reduceMin: t.reduceMin, any: t.any, all: t.all },
      ...{ prod: t.prod, countNonZero: t.countNonZero },
    }).map(([name, f]) => [name, reduction(f)]),
  ),
  argmax: alongAxis(t.argmax),
  argmin: alongAxis(t.argmin),
  softmax: alongAxis(t.softmax),
  logSoftmax: alongAxis(t.logSoftmax),
  gelu: ([x], { form }) => t.gelu(x, form as "tanh" | undefined),
  clip: ([x], { low, high }) => t.clip(x, low as number, high as number),
  where: ([c, a, b]) => t.where(c, a, b),
  cast: ([x], { dtype }) => t.cast(x, dtype as t.DType),
  stopGradient: ([x]) => t.mul(t.stopGradient(x), x),
  reshape: ([x], { shape }) => t.reshape(x, numbers(shape)),
  broadcastTo: ([x], { shape }) => t.broadcastTo(x, numbers(shape)),
  transpose: ([x], { permutation }) =>
    t.transpose(x, permutation === undefined ? undefined : numbers(permutation)),
  expandDims: ([x], o) => t.expandDims(x, axisOf(o)!),
  squeeze: ([x], { axes }) => t.squeeze(x, axes as Axes),
  concat: (x, o) => t.concat(x, axisOf(o)),
  stack: (x, o) => t.stack(x, axisOf(o)),
  split: ([x], o) => t.split(x, numbers(o.sizes), axisOf(o)),
  slice: ([x], { starts, ends, steps }) =>
    t.slice(x, numbers(starts), numbers(ends), steps === undefined ? undefined : numbers(steps)),
  pad: ([x], { pads, value }) =>
    t.pad(x, pads as number[][], value === "-inf" ? -Infinity : value as number | undefined),
  ravel: (x) => {
    const { flat, unravel } = t.ravel([...x]);
    return t.ravel(unravel(flat)).flat;
  },
  iota: (_, { n, dtype }) => t.iota(n as number, dtype as t.DType | undefined),
  oneHot: ([x], { n, dtype, axis }) =>
    t.oneHot(x, n as number, dtype as t.DType | undefined, axis as number | undefined),
  take: ([x, i], o) => t.take(x, i, axisOf(o)),
  takeAlongAxis: ([x, i], o) => t.takeAlongAxis(x, i, axisOf(o)!),
  addAlongAxis: ([x, i, u], o) => t.addAlongAxis(x, i, u, axisOf(o)!),
  scatterAdd: ([x, i, u], o) => t.scatterAdd(x, i, u, axisOf(o)),
  layerNorm: ([x, s, b], o) => t.layerNorm(x, s, b, o.epsilon as number | undefined, axisOf(o)),
  crossEntropy: ([x, y, mask]) => t.crossEntropy(x, y, mask === undefined ? {} : { mask }),
  // The recurrence of torch_programs.py: carry ← tanh(0.9 carry + x), y = carry · x.
  scan: ([init, xs]) =>
    t.scan(
      (carry: t.Tensor, x: t.Tensor) => {
        const next = t.tanh(t.add(t.mul(carry, 0.9), x));
        return [next, t.mul(next, x)];
      },
      t.asTensor(init),
      t.asTensor(xs),
    ),
};
