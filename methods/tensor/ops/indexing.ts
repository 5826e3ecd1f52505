// Gather and scatter, one-hot codes, index vectors.
import { describe, type DType, TensorError } from "../types.ts";
import { fromNumbers, sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axisOf, requireDType, sameDType, sameShape } from "../shape.ts";
import { moveAxis, spreadAll } from "./batching.ts";
import { add, mul } from "./elementwise.ts";
import { cast, equal, less, where } from "./logic.ts";
import { slice } from "./slicing.ts";
import { broadcastTo, expandDims, reshape, transpose } from "./structure.ts";

interface AxisAttribute {
  readonly axis: number;
}

function requireIndices(op: string, indices: Tensor): void {
  requireDType(op, indices, "int32", "int64");
}

/** Zeros that exist only where they are used. */
function zerosOf(dtype: DType, shape: readonly number[]): Tensor {
  return broadcastTo(constant(0, dtype), shape);
}

/** Moves an axis to the front and back. */
function toFront(x: Tensor, axis: number): Tensor {
  return transpose(x, [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)]);
}

function fromFront(x: Tensor, axis: number): Tensor {
  const order = x.shape.map((_, i) => i < axis ? i + 1 : i === axis ? 0 : i);
  return transpose(x, order);
}

const takePrimitive: Primitive<AxisAttribute> = {
  name: "take",
  infer: ([x, indices], { axis }) => {
    requireIndices("take", indices);
    return [{
      dtype: x.dtype,
      shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    }];
  },
  emit: (writer, inputs, node) =>
    writer.node("Gather", inputs, { axis: { int: node.attributes.axis } }),
  vjp: (node, [g]) => {
    if (!g) return [null, null];
    const { axis } = node.attributes;
    const [x, indices] = node.inputs;
    const count = sizeOf(indices.shape);
    const flat = reshape(g, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)]);
    return [scatterAdd(zerosOf(x.dtype, x.shape), reshape(indices, [-1]), flat, axis), null];
  },
  batch: ([x, indices], [ofX, ofIndices], { axis }, size) => {
    if (!ofIndices) return [take(x, indices, axis + 1)];
    if (!ofX) return [moveAxis(take(x, indices, axis), axis, 0)];
    // Rows of the batch one after another: index j of example b is row b·d + j of them all.
    const rows = moveAxis(x, axis + 1, 1);
    const [, d, ...rest] = rows.shape;
    const from = mul(iota(size, indices.dtype), d);
    const offsets = reshape(from, [size, ...indices.shape.slice(1).map(() => 1)]);
    const positive = where(less(indices, 0), add(indices, d), indices);
    const taken = take(reshape(rows, [size * d, ...rest]), add(positive, offsets));
    let y = taken;
    // The axes of the indices come where `axis` was.
    const rank = indices.shape.length - 1;
    for (let i = 0; i < axis; i++) y = moveAxis(y, 1 + rank + i, 1 + i);
    return [y];
  },
};

/**
 * Slices of `x` along `axis` at integer `indices` of any shape, whose axes replace that axis.
 * Negative indices count from the end.
 */
export function take(x: TensorLike, indices: TensorLike, axis = 0): Tensor {
  const input = asTensor(x);
  const at = asTensor(indices, "int64");
  return apply1(takePrimitive, [input, at], { axis: axisOf("take", axis, input.shape.length) });
}

/**
 * Adds slices of `updates` to `x` at `indices` [m] along `axis`; repeated indices add up.
 * `updates` has the shape of `x` with m in place of that axis.
 */
export function scatterAdd(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  axis = 0,
): Tensor {
  const input = asTensor(x), at = asTensor(indices), values = asTensor(updates, input.dtype);
  const along = axisOf("scatterAdd", axis, input.shape.length);
  requireIndices("scatterAdd", at);
  sameDType("scatterAdd", input, values);
  const expected = input.shape.map((d, i) => i === along ? at.shape[0] : d);
  if (at.shape.length !== 1 || !sameShape(values.shape, expected)) {
    throw new TensorError(
      "shape",
      `scatterAdd: updates ${describe(values)} do not fit ${describe(input)} at indices ${
        describe(at)
      } along axis ${along}`,
    );
  }
  if (along !== 0) {
    return fromFront(scatterAdd(toFront(input, along), at, toFront(values, along)), along);
  }
  // Not ScatterND: ONNX Runtime adds there in an order that varies with threads.
  const width = sizeOf(input.shape.slice(1));
  const places = broadcastTo(reshape(at, [-1, 1]), [at.shape[0], width]);
  const rows = (x: Tensor) => reshape(x, [x.shape[0], width]);
  const flat = addAlongAxis(rows(input), places, rows(values), 0);
  return reshape(flat, input.shape);
}

/** Taking one element per index along an axis, and its adjoint, adding there; unchecked. */
export interface AlongAxis {
  pick(x: Tensor, indices: Tensor, axis: number): Tensor;
  spread(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor;
}

/** The two operators by their names in messages and models. */
export function alongAxis(takeName: string, addName: string): AlongAxis {
  const pickPrimitive: Primitive<AxisAttribute> = {
    name: takeName,
    infer: ([x, indices]) => [{ dtype: x.dtype, shape: indices.shape }],
    emit: (writer, inputs, node) =>
      writer.node("GatherElements", inputs, { axis: { int: node.attributes.axis } }),
    vjp: (node, [g]) => {
      if (!g) return [null, null];
      const [x, indices] = node.inputs;
      return [spread(zerosOf(x.dtype, x.shape), indices, g, node.attributes.axis), null];
    },
    batch: (inputs, batched, { axis }, size) => {
      const [x, indices] = spreadAll(inputs, batched, size);
      return [pick(x, indices, axis + 1)];
    },
  };
  const spreadPrimitive: Primitive<AxisAttribute> = {
    name: addName,
    infer: ([x]) => [x],
    simplify: ([x, , updates]) => sizeOf(updates.shape) === 0 ? [x] : null,
    emit: (writer, inputs, node) =>
      writer.node("ScatterElements", inputs, {
        axis: { int: node.attributes.axis },
        reduction: { string: "add" },
      }),
    vjp: (node, [g]) => {
      if (!g) return [null, null, null];
      const [, at] = node.inputs, { axis } = node.attributes;
      // Of other axes indices may have fewer places than x.
      const within = at.shape.map((d, i) => i === axis ? g.shape[i] : d);
      return [g, null, pick(slice(g, within.map(() => 0), within), at, axis)];
    },
    // ONNX Runtime adds no float16 there on the CPU.
    lower: ([x, indices, updates], { axis }) => {
      if (x.dtype !== "float16") return null;
      const single = (t: Tensor) => cast(t, "float32");
      return [cast(spread(single(x), indices, single(updates), axis), x.dtype)];
    },
    batch: (inputs, batched, { axis }, size) => {
      const [x, indices, updates] = spreadAll(inputs, batched, size);
      return [spread(x, indices, updates, axis + 1)];
    },
    flops: (node) => sizeOf(node.inputs[2].shape),
  };
  const pick = (x: Tensor, indices: Tensor, axis: number) =>
    apply1(pickPrimitive, [x, indices], { axis });
  const spread = (x: Tensor, indices: Tensor, updates: Tensor, axis: number) =>
    apply1(spreadPrimitive, [x, indices, updates], { axis });
  return { pick, spread };
}

const named = /* @__PURE__ */ alongAxis("takeAlongAxis", "addAlongAxis");

/**
 * One element per index: out[i, j] = x[i, indices[i, j]] for `axis` 1. `indices` has the rank of
 * `x` and the same sizes except along `axis`.
 */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis: number): Tensor {
  const input = asTensor(x), at = asTensor(indices, "int64");
  const along = axisOf("takeAlongAxis", axis, input.shape.length);
  requireIndices("takeAlongAxis", at);
  if (
    at.shape.length !== input.shape.length ||
    at.shape.some((d, i) => i !== along && d !== input.shape[i])
  ) {
    throw new TensorError(
      "shape",
      `takeAlongAxis: indices ${describe(at)} do not fit ${describe(input)} along axis ${along}`,
    );
  }
  return named.pick(input, at, along);
}

/** Adds elements: x[i, indices[i, j]] += updates[i, j] for `axis` 1; the adjoint of takeAlongAxis. */
export function addAlongAxis(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  axis: number,
): Tensor {
  const input = asTensor(x), at = asTensor(indices), values = asTensor(updates, input.dtype);
  requireIndices("addAlongAxis", at);
  sameDType("addAlongAxis", input, values);
  if (!sameShape(at.shape, values.shape)) {
    throw new TensorError(
      "shape",
      `addAlongAxis: indices ${describe(at)} and updates ${describe(values)} differ in shape`,
    );
  }
  return named.spread(input, at, values, axisOf("addAlongAxis", axis, input.shape.length));
}

/** 0, 1, …, n−1. */
export function iota(n: number, dtype: DType = "int64"): Tensor {
  return constant(fromNumbers(Array.from({ length: n }, (_, i) => i), [n], dtype));
}

/**
 * Unit vectors of integer indices [...] along a new `axis` of size n (default the last). An index outside
 * 0 … n − 1, below 0 too, gives zeros and no error, as `jax.nn.one_hot` does (PyTorch's raises).
 * @throws TensorError `dtype` unless the indices are int32 or int64; `argument` for an axis out of range
 */
export function oneHot(
  indices: TensorLike,
  n: number,
  dtype: DType = "float32",
  axis = -1,
): Tensor {
  const at = asTensor(indices, "int64");
  requireIndices("oneHot", at);
  const rank = at.shape.length + 1;
  const along = axisOf("oneHot", axis, rank);
  const classes = reshape(iota(n, at.dtype), [n, ...new Array<number>(rank - 1 - along).fill(1)]);
  return cast(equal(expandDims(at, along), classes), dtype);
}

/** A constant index vector, for slices with steps. */
export function fixedIndices(values: readonly number[]): Tensor {
  return constant(fromNumbers(values, [values.length], "int64"));
}
