// Reductions: mean, variance, extremes, argmax.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axesOf, axisOf, reducedShape, requireNumbers } from "../shape.ts";
import { broadcastTo, type ReduceOptions, reshape, sum } from "./structure.ts";
import { div, mul, sub } from "./elementwise.ts";
import { neg, square } from "./unary.ts";
import { cast, equal, where } from "./logic.ts";

type Axes = number | readonly number[];

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

function requireFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TensorError(
      "dtype",
      `${op}: expected a float tensor, got ${describe(x)}; convert it with cast()`,
    );
  }
}

/** @throws TensorError `shape` when the axes to reduce hold nothing: no element can be chosen. */
function requireElements(op: string, x: Tensor, axes: readonly number[]): void {
  const empty = axes.find((a) => x.shape[a] === 0);
  if (empty === undefined) return;
  throw new TensorError("shape", `${op}: axis ${empty} of ${describe(x)} has no elements`);
}

const meanPrimitive: Primitive<ReduceAttributes> = {
  name: "mean",
  reduction: true,
  infer: ([x], { axes, keepDims }) => [
    { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) },
  ],
  simplify: ([x], { axes, keepDims }) => {
    const shape = reducedShape(x.shape, axes, keepDims);
    if (sizeOf(x.shape) === 0) return [broadcastTo(constant(NaN, x.dtype), shape)];
    return axes.every((a) => x.shape[a] === 1) ? [reshape(x, shape)] : null;
  },
  emit: (writer, [x], { attributes: { axes, keepDims } }) =>
    writer.node("ReduceMean", [x, writer.int64s(axes)], { keepdims: { int: keepDims ? 1 : 0 } }),
  vjp: (node, [g]) => {
    const [x] = node.inputs;
    const { axes } = node.attributes;
    const kept = reducedShape(x.shape, axes, true);
    const share = 1 / sizeOf(axes.map((a) => x.shape[a]));
    return [g && broadcastTo(mul(reshape(g, kept), share), x.shape)];
  },
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/** Arithmetic mean over `axes` (default all); NaN over none. */
export function mean(x: TensorLike, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const input = asTensor(x);
  requireFloat("mean", input);
  return apply1(meanPrimitive, [input], {
    axes: axesOf("mean", axes, input.shape.length),
    keepDims,
  });
}

/** Population variance (divisor n) over `axes` (default all). */
export function variance(x: TensorLike, axes?: Axes, options?: ReduceOptions): Tensor {
  const input = asTensor(x);
  return mean(square(sub(input, mean(input, axes, { keepDims: true }))), axes, options);
}

/**
 * The largest elements by ONNX's kernel, which may overlook NaN; a constant to differentiation in either
 * direction, for what is subtracted and added again.
 */
export const maxKernel: Primitive<ReduceAttributes> = {
  name: "maxKernel",
  infer: ([x], { axes, keepDims }) => [
    { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) },
  ],
  // Over no axes ReduceMax takes all of them.
  simplify: ([x], { axes }) => axes.length === 0 ? [x] : null,
  batch: ([x], _, { axes, keepDims }) => [
    apply1(maxKernel, [x], { axes: axes.map((a) => a + 1), keepDims }),
  ],
  vjp: () => [null],
  emit: (writer, [x], { attributes: { axes, keepDims } }) =>
    writer.node("ReduceMax", [x, writer.int64s(axes)], { keepdims: { int: keepDims ? 1 : 0 } }),
  flops: (node) => sizeOf(node.inputs[0].shape),
};

const maxPrimitive: Primitive<ReduceAttributes> = {
  name: "reduceMax",
  infer: ([x], { axes, keepDims }) => [
    { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) },
  ],
  simplify: ([x], { axes }) => axes.length === 0 ? [x] : null,
  lower: ([x], attributes) => {
    const largest = apply1(maxKernel, [x], attributes);
    if (!isFloat(x.dtype)) return [largest];
    const { axes, keepDims } = attributes;
    const numbers = sum(cast(equal(x, x), x.dtype), axes, { keepDims });
    const all = sizeOf(axes.map((a) => x.shape[a]));
    return [where(equal(numbers, all), largest, NaN)];
  },
  emit: () => {
    throw new TensorError("unsupported", "reduceMax is always lowered");
  },
  vjp: (node, [g]) => {
    if (!g) return [null];
    const [x] = node.inputs;
    const { axes } = node.attributes;
    const kept = reducedShape(x.shape, axes, true);
    // Ties share the gradient equally.
    const best = cast(equal(x, reshape(node.outputs[0], kept)), x.dtype);
    return [mul(best, div(reshape(g, kept), sum(best, axes, { keepDims: true })))];
  },
  batch: ([x], _, { axes, keepDims }) => [reduceMax(x, axes.map((a) => a + 1), { keepDims })],
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/**
 * Largest element over `axes` (default all), NaN if one is; ties share the gradient.
 * @throws TensorError `shape` over no elements
 */
export function reduceMax(
  x: TensorLike,
  axes?: Axes,
  { keepDims = false }: ReduceOptions = {},
): Tensor {
  const input = asTensor(x);
  requireNumbers("reduceMax", input);
  const over = axesOf("reduceMax", axes, input.shape.length);
  requireElements("reduceMax", input, over);
  return apply1(maxPrimitive, [input], { axes: over, keepDims });
}

/** Smallest element over `axes` (default all); ties share the gradient. */
export function reduceMin(x: TensorLike, axes?: Axes, options?: ReduceOptions): Tensor {
  const input = asTensor(x);
  // The negative of the smallest integer is itself: there the order is reversed by −1 − x.
  const reverse = (t: Tensor) => isFloat(t.dtype) ? neg(t) : sub(-1, t);
  return reverse(reduceMax(reverse(input), axes, options));
}

const argmaxPrimitive: Primitive<{ readonly axis: number }> = {
  name: "argmax",
  infer: ([x], { axis }) => [{ dtype: "int64", shape: reducedShape(x.shape, [axis], false) }],
  emit: (writer, [x], { attributes: { axis } }) =>
    writer.node("ArgMax", [x], { axis: { int: axis }, keepdims: { int: 0 } }),
  batch: ([x], _, { axis }) => [argmax(x, axis + 1)],
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/**
 * Index (int64) of the first largest element along `axis`; of any if one is NaN.
 * @throws TensorError `shape` over no elements
 */
export function argmax(x: TensorLike, axis = -1): Tensor {
  const input = asTensor(x);
  requireNumbers("argmax", input);
  const along = axisOf("argmax", axis, input.shape.length);
  requireElements("argmax", input, [along]);
  return apply1(argmaxPrimitive, [input], { axis: along });
}
