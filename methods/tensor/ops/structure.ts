// Operators that move or replicate elements without computing: reshape, transpose, broadcast; and their dual, sum.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  attributesOf,
  constant,
  constantArray,
  madeBy,
  type Node,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axesOf, axisOf, broadcastShapes, reducedShape, requireList, sameShape } from "../shape.ts";

interface ShapeAttribute {
  readonly shape: readonly number[];
}

/** The value replicated by a broadcast, or null. */
export function broadcastSource(x: Tensor): Tensor | null {
  return madeBy(x, broadcastPrimitive) ? x.node.inputs[0] : null;
}

/** The scalar that fills `x`, when `x` is a broadcast of one element. */
function uniformSource(x: Tensor): Tensor | null {
  const source = broadcastSource(x);
  return source !== null && sizeOf(source.shape) === 1 ? source : null;
}

const reshapePrimitive: Primitive<ShapeAttribute> = {
  name: "reshape",
  infer: ([x], { shape }) => [{ dtype: x.dtype, shape }],
  simplify: ([x], { shape }) => {
    if (sameShape(x.shape, shape)) return [x];
    if (madeBy(x, reshapePrimitive)) return [reshape(x.node.inputs[0], shape)];
    const array = constantArray(x);
    if (array !== null && (array.data.length !== 1 || shape.length === 0)) {
      return [constant({ ...array, shape })];
    }
    const uniform = array !== null ? x : uniformSource(x);
    return uniform ? [broadcastTo(reshape(uniform, []), shape)] : null;
  },
  emit: (writer, [x], node) => writer.node("Reshape", [x, writer.int64s(node.attributes.shape)]),
  vjp: (node, [g]) => [g && reshape(g, node.inputs[0].shape)],
  batch: ([x], _, { shape }, size) => [reshape(x, [size, ...shape])],
};

/** The tensor that `x` reshapes, or null. */
export function reshapeSource(x: Tensor): Tensor | null {
  return madeBy(x, reshapePrimitive) ? x.node.inputs[0] : null;
}

/**
 * The same elements in another shape; one dimension may be -1.
 * @throws TensorError `shape` when the number of elements differs.
 */
export function reshape(x: TensorLike, shape: readonly number[]): Tensor {
  requireList("reshape", "the shape", shape);
  const input = asTensor(x);
  const size = sizeOf(input.shape);
  const known = sizeOf(shape.filter((d) => d !== -1));
  const full = shape.map((d) => d === -1 ? size / known : d);
  if (
    shape.filter((d) => d === -1).length > 1 || sizeOf(full) !== size ||
    !full.every((d) => Number.isInteger(d) && d >= 0)
  ) {
    throw new TensorError(
      "shape",
      `reshape: ${describe(input)} has ${size} elements; [${shape.join(", ")}] does not hold them`,
    );
  }
  return apply1(reshapePrimitive, [input], { shape: full });
}

/** Zeros of the type and shape of a tensor. */
export function zerosLike(x: TensorLike): Tensor {
  const { dtype, shape } = asTensor(x);
  return broadcastTo(constant(0, dtype), shape);
}

/** Ones of the type and shape of a tensor. */
export function onesLike(x: TensorLike): Tensor {
  const { dtype, shape } = asTensor(x);
  return broadcastTo(constant(1, dtype), shape);
}

interface PermutationAttribute {
  readonly permutation: readonly number[];
}

const transposePrimitive: Primitive<PermutationAttribute> = {
  name: "transpose",
  infer: ([x], { permutation }) => [
    { dtype: x.dtype, shape: permutation.map((p) => x.shape[p]) },
  ],
  simplify: ([x], { permutation }) => {
    if (permutation.every((p, i) => p === i)) return [x];
    if (madeBy(x, transposePrimitive)) {
      const inner = attributesOf(x, transposePrimitive).permutation;
      if (permutation.every((p, i) => inner[p] === i)) return [x.node.inputs[0]];
    }
    const uniform = uniformSource(x);
    return uniform ? [broadcastTo(reshape(uniform, []), permutation.map((p) => x.shape[p]))] : null;
  },
  emit: (writer, [x], node) =>
    writer.node("Transpose", [x], { perm: { ints: node.attributes.permutation } }),
  vjp: (node, [g]) => {
    const { permutation } = node.attributes;
    return [g && transpose(g, permutation.map((_, i) => permutation.indexOf(i)))];
  },
  batch: ([x], _, { permutation }) => [transpose(x, [0, ...permutation.map((p) => p + 1)])],
};

/** Permutes axes; by default reverses them. @throws TensorError `argument` unless a permutation. */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  if (permutation !== undefined) requireList("transpose", "the order of axes", permutation);
  const input = asTensor(x);
  const rank = input.shape.length;
  const order = (permutation ?? Array.from({ length: rank }, (_, i) => rank - 1 - i))
    .map((p) => axisOf("transpose", p, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new TensorError(
      "argument",
      `transpose: [${order.join(", ")}] does not permute the axes of ${describe(input)}`,
    );
  }
  return apply1(transposePrimitive, [input], { permutation: order });
}

/** Exchanges the last two axes. */
export function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  const order = x.shape.map((_, i) => i < rank - 2 ? i : 2 * rank - 3 - i);
  return transpose(x, order);
}

/** The tensor whose last two axes were exchanged to make `x`, or null. */
export function swappedSource(x: Tensor): Tensor | null {
  if (!madeBy(x, transposePrimitive)) return null;
  const { permutation } = attributesOf(x, transposePrimitive);
  const rank = permutation.length;
  const swaps = permutation.every((p, i) => p === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return swaps ? x.node.inputs[0] : null;
}

/** The tensor of which `x` is the transpose that moves one axis to the front, and that axis; or null. */
export function movedToFront(x: Tensor): { readonly source: Tensor; readonly axis: number } | null {
  if (!madeBy(x, transposePrimitive)) return null;
  const [axis, ...rest] = attributesOf(x, transposePrimitive).permutation;
  return rest.every((p, i) => i === 0 || p > rest[i - 1])
    ? { source: x.node.inputs[0], axis }
    : null;
}

const broadcastPrimitive: Primitive<ShapeAttribute> = {
  name: "broadcastTo",
  infer: ([x], { shape }) => [{ dtype: x.dtype, shape }],
  simplify: ([x], { shape }) => {
    if (sameShape(x.shape, shape)) return [x];
    const source = broadcastSource(x);
    return source ? [broadcastTo(source, shape)] : null;
  },
  emit: (writer, [x], node) => writer.node("Expand", [x, writer.int64s(node.attributes.shape)]),
  vjp: (node, [g]) => [g && sumTo(g, node.inputs[0].shape)],
  batch: ([x], _, { shape }, size) => {
    const missing = Array<number>(shape.length + 1 - x.shape.length).fill(1);
    return [broadcastTo(reshape(x, [size, ...missing, ...x.shape.slice(1)]), [size, ...shape])];
  },
};

/** Replicates along new or unit axes. @throws TensorError `shape` when it cannot. */
export function broadcastTo(x: TensorLike, shape: readonly number[]): Tensor {
  requireList("broadcastTo", "the shape", shape);
  const input = asTensor(x);
  const joint = broadcastShapes(input.shape, shape);
  if (joint === null || !sameShape(joint, shape)) {
    throw new TensorError(
      "shape",
      `broadcastTo: ${describe(input)} does not broadcast to [${shape.join(", ")}]`,
    );
  }
  return apply1(broadcastPrimitive, [input], { shape: [...shape] });
}

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The axes that a sum or mean reduces, or null for other operators. */
export function reductionOf(node: Node): readonly number[] | null {
  return node.primitive.reduction ? (node.attributes as ReduceAttributes).axes : null;
}

const sumPrimitive: Primitive<ReduceAttributes> = {
  name: "sum",
  reduction: true,
  infer: ([x], { axes, keepDims }) => [
    { dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) },
  ],
  simplify: ([x], { axes, keepDims }) => {
    const shape = reducedShape(x.shape, axes, keepDims);
    if (sizeOf(x.shape) === 0) return [broadcastTo(constant(0, x.dtype), shape)];
    return axes.every((a) => x.shape[a] === 1) ? [reshape(x, shape)] : null;
  },
  emit: (writer, [x], { attributes: { axes, keepDims } }) =>
    writer.node("ReduceSum", [x, writer.int64s(axes)], { keepdims: { int: keepDims ? 1 : 0 } }),
  vjp: (node: Node<ReduceAttributes>, [g]) => {
    const [x] = node.inputs;
    const kept = reducedShape(x.shape, node.attributes.axes, true);
    return [g && broadcastTo(reshape(g, kept), x.shape)];
  },
  flops: (node) => sizeOf(node.inputs[0].shape),
};

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced axes with size 1. @default false */
  readonly keepDims?: boolean;
}

/** Sum over `axes` (default all). */
export function sum(
  x: TensorLike,
  axes?: number | readonly number[],
  { keepDims = false }: ReduceOptions = {},
): Tensor {
  const input = asTensor(x);
  if (input.dtype === "bool") {
    throw new TensorError(
      "dtype",
      `sum: expected numbers, got ${describe(input)}; convert it with cast()`,
    );
  }
  return apply1(sumPrimitive, [input], { axes: axesOf("sum", axes, input.shape.length), keepDims });
}

/** Sums the axes that broadcasting `shape` to `x` replicated: the adjoint of broadcastTo. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.shape.length - shape.length;
  const axes = x.shape.flatMap((d, i) =>
    i < offset || (shape[i - offset] === 1 && d !== 1) ? [i] : []
  );
  return reshape(sum(x, axes), shape);
}

/** Inserts a unit axis. */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const input = asTensor(x);
  const at = axisOf("expandDims", axis, input.shape.length + 1);
  return reshape(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
}

/** Drops unit axes (default all of them). @throws TensorError `argument` for an axis not of size 1. */
export function squeeze(x: TensorLike, axes?: number | readonly number[]): Tensor {
  const input = asTensor(x);
  const drop = axes === undefined
    ? input.shape.flatMap((d, i) => d === 1 ? [i] : [])
    : axesOf("squeeze", axes, input.shape.length);
  const bad = drop.find((a) => input.shape[a] !== 1);
  if (bad !== undefined) {
    throw new TensorError(
      "argument",
      `squeeze: axis ${bad} of ${describe(input)} has size ${input.shape[bad]}, not 1`,
    );
  }
  return reshape(input, input.shape.filter((_, i) => !drop.includes(i)));
}
