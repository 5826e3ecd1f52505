// Further reductions: products, any and all, argmin, standard deviation, norms.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axesOf, axisOf, reducedShape, requireDType } from "../shape.ts";
import { type ReduceOptions, reshape, sum } from "./structure.ts";
import { div, maximum, mul, pow, sub } from "./elementwise.ts";
import { abs, sqrt, square } from "./unary.ts";
import { cast, equal, greater, logicalNot, notEqual, where } from "./logic.ts";
import { mean, reduceMax, reduceMin } from "./reduction.ts";
import { cumprod } from "./cumulative.ts";

type Axes = number | readonly number[];

interface AxisAttribute {
  readonly axis: number;
}

/** Product along one axis, which stays with size 1. */
const prodPrimitive: Primitive<AxisAttribute> = {
  name: "prod",
  infer: ([x], { axis }) => [{ dtype: x.dtype, shape: reducedShape(x.shape, [axis], true) }],
  simplify: ([x], { axis }) => x.shape[axis] === 1 ? [x] : null,
  emit: (writer, [x], { attributes: { axis } }) =>
    writer.node("ReduceProd", [x, writer.int64s([axis])], { keepdims: { int: 1 } }),
  // The product of the others, without dividing: exact at zeros in every order.
  vjp: (node, [g]) => {
    const [x] = node.inputs;
    const { axis } = node.attributes;
    const before = cumprod(x, axis, { exclusive: true });
    const after = cumprod(x, axis, { exclusive: true, reverse: true });
    return [g && mul(mul(before, after), g)];
  },
  batch: ([x], _, { axis }) => [apply1(prodPrimitive, [x], { axis: axis + 1 })],
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/** Product over `axes` (default all); its derivatives are exact at zeros. */
export function prod(x: TensorLike, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const input = asTensor(x);
  if (input.dtype === "bool") {
    throw new TensorError(
      "dtype",
      `prod: expected numbers, got ${describe(input)}; use all() or convert it with cast()`,
    );
  }
  const reduced = axesOf("prod", axes, input.shape.length);
  const y = reduced.reduce((y, axis) => apply1(prodPrimitive, [y], { axis }), input);
  return reshape(y, reducedShape(input.shape, reduced, keepDims));
}

/** Whether any element of a bool tensor is true, over `axes` (default all); false of none. */
export function any(x: TensorLike, axes?: Axes, options?: ReduceOptions): Tensor {
  const input = asTensor(x);
  requireDType("any", input, "bool");
  return greater(sum(cast(input, "int32"), axes, options), 0);
}

/** Whether all elements of a bool tensor are true, over `axes` (default all); true of none. */
export function all(x: TensorLike, axes?: Axes, options?: ReduceOptions): Tensor {
  const input = asTensor(x);
  requireDType("all", input, "bool");
  return equal(sum(cast(logicalNot(input), "int32"), axes, options), 0);
}

const argminPrimitive: Primitive<AxisAttribute> = {
  name: "argmin",
  infer: ([x], { axis }) => [{ dtype: "int64", shape: reducedShape(x.shape, [axis], false) }],
  emit: (writer, [x], { attributes: { axis } }) =>
    writer.node("ArgMin", [x], { axis: { int: axis }, keepdims: { int: 0 } }),
  batch: ([x], _, { axis }) => [apply1(argminPrimitive, [x], { axis: axis + 1 })],
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/** Index (int64) of the first smallest element along `axis`. ONNX Runtime passes over NaN. */
export function argmin(x: TensorLike, axis = -1): Tensor {
  const input = asTensor(x);
  const along = axisOf("argmin", axis, input.shape.length);
  if (input.shape[along] === 0) {
    throw new TensorError("shape", `argmin: axis ${along} of ${describe(input)} is empty`);
  }
  return apply1(argminPrimitive, [input], { axis: along });
}

/** √x with derivative 0, not ∞, at 0. */
function safeRoot(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, sqrt(where(zero, 1, x)));
}

/** Options of {@linkcode std}. */
export interface StdOptions extends ReduceOptions {
  /** Subtracted from the number of elements in the divisor: 1 for the sample deviation. @default 0 */
  readonly correction?: number;
}

/** Standard deviation over `axes` (default all); derivative 0 where it is 0. */
export function std(
  x: TensorLike,
  axes?: Axes,
  { keepDims = false, correction = 0 }: StdOptions = {},
): Tensor {
  const input = requireFloat("std", x);
  const count = sizeOf(axesOf("std", axes, input.shape.length).map((a) => input.shape[a]));
  const centered = sub(input, mean(input, axes, { keepDims: true }));
  const scale = 1 / Math.max(0, count - correction);
  return safeRoot(mul(sum(square(centered), axes, { keepDims }), scale));
}

function requireFloat(op: string, x: TensorLike): Tensor {
  const input = asTensor(x);
  if (isFloat(input.dtype)) return input;
  throw new TensorError(
    "dtype",
    `${op}: expected a float tensor, got ${describe(input)}; convert it with cast()`,
  );
}

/** Options of {@linkcode norm}. */
export interface NormOptions extends ReduceOptions {
  /** Order: 1, 2, Infinity, or any other number ≠ 0. @default 2 */
  readonly p?: number;
}

/**
 * Vector norm (Σ|x|ᵖ)^(1/p) over `axes` (default all). Where it is 0 its derivative is 0; for p = ∞
 * ties share the derivative.
 * @throws TensorError `argument` for p = 0 or NaN
 */
export function norm(
  x: TensorLike,
  axes?: Axes,
  { p = 2, ...options }: NormOptions = {},
): Tensor {
  const input = requireFloat("norm", x);
  switch (p) {
    case 1:
      return sum(abs(input), axes, options);
    case 2:
      return safeRoot(sum(square(input), axes, options));
    case Infinity:
      return reduceMax(abs(input), axes, options);
    case -Infinity:
      return reduceMin(abs(input), axes, options);
  }
  if (p === 0 || Number.isNaN(p)) {
    throw new TensorError("argument", `norm: p is ${p}; a number other than 0 expected`);
  }
  const power = (y: Tensor, exponent: number) => {
    if (p < 0) return pow(y, exponent);
    const zero = equal(y, 0);
    return where(zero, 0, pow(where(zero, 1, y), exponent));
  };
  return power(sum(power(abs(input), p), axes, options), 1 / p);
}

/** x / max(‖x‖₂, epsilon) along `axes`: unit vectors, and 0 stays 0. */
export function l2Normalize(x: TensorLike, axes: Axes = -1, epsilon = 1e-12): Tensor {
  const input = requireFloat("l2Normalize", x);
  const least = input.dtype === "float16" ? Math.max(epsilon, 2 ** -14) : epsilon;
  return div(input, maximum(norm(input, axes, { keepDims: true }), least));
}

/** Number (int32) of elements other than 0 over `axes` (default all). */
export function countNonZero(x: TensorLike, axes?: Axes, options?: ReduceOptions): Tensor {
  const input = asTensor(x);
  const counted = input.dtype === "bool" ? input : notEqual(input, 0);
  return sum(cast(counted, "int32"), axes, options);
}
