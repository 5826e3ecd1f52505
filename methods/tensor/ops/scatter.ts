// Writing at indices, indices over several axes, and slices at positions known at run time only.
import { describe, TensorError } from "../types.ts";
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
import { broadcastTo, reshape, sum } from "./structure.ts";
import { add, maximum, minimum, mul } from "./elementwise.ts";
import { cast, less, where } from "./logic.ts";
import { iota, scatterAdd, take, takeAlongAxis } from "./indexing.ts";

interface AxisAttribute {
  readonly axis: number;
}

const putPrimitive: Primitive<AxisAttribute> = {
  name: "putAlongAxis",
  infer: ([x]) => [x],
  emit: (writer, inputs, node) =>
    writer.node("ScatterElements", inputs, { axis: { int: node.attributes.axis } }),
  vjp: (node, [g]) => {
    if (!g) return [null, null, null];
    const [, indices, updates] = node.inputs;
    const { axis } = node.attributes;
    const zeros = broadcastTo(constant(0, g.dtype), updates.shape);
    return [
      apply1(putPrimitive, [g, indices, zeros], { axis }),
      null,
      takeAlongAxis(g, indices, axis),
    ];
  },
  batch: (inputs, batched, { axis }, size) => {
    const all = inputs.map((x, i) => batched[i] ? x : broadcastTo(x, [size, ...x.shape]));
    return [apply1(putPrimitive, all, { axis: axis + 1 })];
  },
};

/**
 * Sets elements: x[i, indices[i, j]] = updates[i, j] for `axis` 1. Indices must not repeat: which
 * update stays is not defined.
 * @throws TensorError `shape` unless indices and updates have one shape, that of x except along `axis`
 */
export function putAlongAxis(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  axis: number,
): Tensor {
  const input = asTensor(x), at = asTensor(indices, "int64");
  const values = asTensor(updates, input.dtype);
  requireDType("putAlongAxis", at, "int32", "int64");
  sameDType("putAlongAxis", input, values);
  const along = axisOf("putAlongAxis", axis, input.shape.length);
  const fits = sameShape(at.shape, values.shape) && at.shape.length === input.shape.length &&
    at.shape.every((d, i) => i === along || d === input.shape[i]);
  if (!fits) {
    throw new TensorError(
      "shape",
      `putAlongAxis: indices ${describe(at)} and updates ${describe(values)} do not fit ${
        describe(input)
      } along axis ${along}`,
    );
  }
  return apply1(putPrimitive, [input, at, values], { axis: along });
}

/**
 * Sets slices of `x` to those of `updates` at `indices` [m] along `axis`. Indices must not repeat.
 * `updates` has the shape of `x` with m in place of that axis.
 */
export function scatter(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  axis = 0,
): Tensor {
  const input = asTensor(x), at = asTensor(indices, "int64");
  const values = asTensor(updates, input.dtype);
  const along = axisOf("scatter", axis, input.shape.length);
  const expected = input.shape.map((d, i) => i === along ? at.shape[0] : d);
  if (at.shape.length !== 1 || !sameShape(values.shape, expected)) {
    throw new TensorError(
      "shape",
      `scatter: updates ${describe(values)} do not fit ${describe(input)} at indices ${
        describe(at)
      } along axis ${along}`,
    );
  }
  const column = reshape(at, expected.map((d, i) => i === along ? d : 1));
  return putAlongAxis(input, broadcastTo(column, expected), values, along);
}

/** Row-major strides. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

/** Indices [..., k] into the first k axes of a shape, as indices [...] into those axes flattened. */
function linear(op: string, at: Tensor, x: Tensor): Tensor {
  requireDType(op, at, "int32", "int64");
  const k = at.shape[at.shape.length - 1] ?? 0;
  if (k < 1 || k > x.shape.length) {
    throw new TensorError(
      "shape",
      `${op}: indices ${describe(at)} do not index ${
        describe(x)
      }; [..., k] with 1 ≤ k ≤ ${x.shape.length} expected`,
    );
  }
  const sizes = x.shape.slice(0, k);
  const row = (values: number[]) => constant(fromNumbers(values, [k], at.dtype));
  const positive = where(less(at, 0), add(at, row(sizes)), at);
  return sum(mul(positive, row(stridesOf(sizes))), -1);
}

/** x with its first k axes flattened. */
function flattened(x: Tensor, k: number): Tensor {
  return reshape(x, [sizeOf(x.shape.slice(0, k)), ...x.shape.slice(k)]);
}

/**
 * Elements or slices at indices over the first k axes: x [d₁ … dₖ, rest], indices [..., k] →
 * [..., rest]. Negative indices count from the end; what comes of indices outside is not defined.
 */
export function gatherND(x: TensorLike, indices: TensorLike): Tensor {
  const input = asTensor(x), at = asTensor(indices, "int64");
  const places = linear("gatherND", at, input);
  return take(flattened(input, at.shape[at.shape.length - 1]), places);
}

function onFlat(
  op: string,
  put: (x: Tensor, indices: Tensor, updates: Tensor) => Tensor,
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
): Tensor {
  const input = asTensor(x), at = asTensor(indices, "int64");
  const values = asTensor(updates, input.dtype);
  const places = linear(op, at, input);
  const k = at.shape[at.shape.length - 1], rest = input.shape.slice(k);
  if (!sameShape(values.shape, [...places.shape, ...rest])) {
    throw new TensorError(
      "shape",
      `${op}: updates ${describe(values)} do not fit ${describe(input)} at indices ${
        describe(at)
      }; [${[...places.shape, ...rest].join(", ")}] expected`,
    );
  }
  const count = sizeOf(places.shape);
  const y = put(flattened(input, k), reshape(places, [count]), reshape(values, [count, ...rest]));
  return reshape(y, input.shape);
}

/**
 * x [d₁ … dₖ, rest] with `updates` [..., rest] in the places of indices [..., k]. Indices must not
 * repeat, nor lie outside.
 */
export function scatterND(x: TensorLike, indices: TensorLike, updates: TensorLike): Tensor {
  return onFlat("scatterND", scatter, x, indices, updates);
}

/** As {@linkcode scatterND}, but adds; repeated indices add up. */
export function scatterAddND(x: TensorLike, indices: TensorLike, updates: TensorLike): Tensor {
  return onFlat("scatterAddND", scatterAdd, x, indices, updates);
}

/** First positions for each axis, kept so that the slice lies inside, as in JAX. */
function clamped(
  op: string,
  x: Tensor,
  starts: readonly TensorLike[],
  sizes: readonly number[],
): Tensor[] {
  const fits = starts.length === x.shape.length && sizes.length === x.shape.length &&
    sizes.every((n, i) => Number.isInteger(n) && n >= 1 && n <= x.shape[i]);
  if (!fits) {
    throw new TensorError(
      "shape",
      `${op}: a slice [${sizes.join(", ")}] with ${starts.length} starts does not fit ${
        describe(x)
      }`,
    );
  }
  return starts.map((s, i) => {
    const start = asTensor(s, "int64");
    requireDType(op, start, "int32", "int64");
    const from = where(less(start, 0), add(start, x.shape[i]), start);
    return minimum(maximum(reshape(from, []), 0), x.shape[i] - sizes[i]);
  });
}

/**
 * The slice of static `sizes` that begins at scalar integer tensors `starts`, one an axis. As in JAX,
 * negative starts count from the end, and starts are moved until the slice lies inside x.
 */
export function dynamicSlice(
  x: TensorLike,
  starts: readonly TensorLike[],
  sizes: readonly number[],
): Tensor {
  const input = asTensor(x);
  return clamped("dynamicSlice", input, starts, sizes).reduce(
    (y, start, axis) =>
      sizes[axis] === input.shape[axis]
        ? y
        : take(y, add(iota(sizes[axis], start.dtype), start), axis),
    input,
  );
}

/** x with `updates` in place of the slice that begins at `starts`; see {@linkcode dynamicSlice}. */
export function dynamicUpdateSlice(
  x: TensorLike,
  updates: TensorLike,
  starts: readonly TensorLike[],
): Tensor {
  const input = asTensor(x), values = asTensor(updates, input.dtype);
  const from = clamped("dynamicUpdateSlice", input, starts, values.shape);
  const moving = input.shape.flatMap((d, i) => d === values.shape[i] ? [] : [i]);
  if (moving.length === 0) return values;
  const along = (axis: number) => add(iota(values.shape[axis], from[axis].dtype), from[axis]);
  if (moving.length === 1) return scatter(input, along(moving[0]), values, moving[0]);
  const strides = stridesOf(input.shape);
  const mixed = new Set(from.map((t) => t.dtype)).size > 1;
  const position = (axis: number) => mixed ? cast(along(axis), "int64") : along(axis);
  const places = from.map((_, axis) =>
    reshape(mul(position(axis), strides[axis]), values.shape.map((d, i) => i === axis ? d : 1))
  ).reduce(add);
  const count = [sizeOf(values.shape)];
  const flat = scatter(
    reshape(input, [sizeOf(input.shape)]),
    reshape(places, count),
    reshape(values, count),
  );
  return reshape(flat, input.shape);
}
