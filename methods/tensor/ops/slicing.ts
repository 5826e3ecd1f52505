// Cutting and joining: concat, split, slice, pad.
import { describe, TensorError } from "../types.ts";
import { full, sizeOf, zeros } from "../ndarray.ts";
import {
  apply,
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axisOf, requireList, sameDType } from "../shape.ts";
import { kindOf } from "../tree.ts";
import { spreadAll } from "./batching.ts";
import { broadcastTo, reshape } from "./structure.ts";
import { fixedIndices, take } from "./indexing.ts";

const concatPrimitive: Primitive<{ readonly axis: number }> = {
  name: "concat",
  infer: (inputs, { axis }) => {
    const total = inputs.reduce((n, x) => n + x.shape[axis], 0);
    return [{
      dtype: inputs[0].dtype,
      shape: inputs[0].shape.map((d, i) => i === axis ? total : d),
    }];
  },
  simplify: (inputs) => inputs.length === 1 ? [inputs[0]] : null,
  emit: (writer, inputs, node) =>
    writer.node("Concat", inputs, { axis: { int: node.attributes.axis } }),
  vjp: (node, [g]) => {
    const { axis } = node.attributes;
    return g ? split(g, node.inputs.map((x) => x.shape[axis]), axis) : node.inputs.map(() => null);
  },
  batch: (inputs, batched, { axis }, size) => [
    concat(spreadAll(inputs, batched, size), axis + 1),
  ],
};

/** Joins tensors along an existing axis. @throws TensorError `shape` when other sizes differ. */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  requireList("concat", "tensors", tensors);
  const inputs = tensors.map((x) => asTensor(x));
  if (inputs.length === 0) throw new TensorError("argument", "concat: no tensors given");
  sameDType("concat", ...inputs);
  const along = axisOf("concat", axis, inputs[0].shape.length);
  for (const x of inputs) {
    const fits = x.shape.length === inputs[0].shape.length &&
      x.shape.every((d, i) => i === along || d === inputs[0].shape[i]);
    if (!fits) {
      throw new TensorError(
        "shape",
        `concat: ${describe(x)} does not join ${describe(inputs[0])} along axis ${along}`,
      );
    }
  }
  const filled = inputs.filter((x) => sizeOf(x.shape) > 0);
  return join(filled.length > 0 ? filled : inputs, along);
}

/** A WebGPU shader binds at most 32 buffers; more parts than this are joined and cut in two rounds. */
const MOST_PARTS = 30;

function join(inputs: readonly Tensor[], axis: number): Tensor {
  if (inputs.length <= MOST_PARTS) return apply1(concatPrimitive, inputs, { axis });
  return join(groups(inputs).map((group) => join(group, axis)), axis);
}

/** Consecutive groups of at most MOST_PARTS, of nearly the same length. */
function groups<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / MOST_PARTS);
  return Array.from(
    { length: count },
    (_, i) =>
      list.slice(Math.floor(i * list.length / count), Math.floor((i + 1) * list.length / count)),
  );
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  requireList("stack", "tensors", tensors);
  const inputs = tensors.map((x) => asTensor(x));
  if (inputs.length === 0) throw new TensorError("argument", "stack: no tensors given");
  const at = axisOf("stack", axis, inputs[0].shape.length + 1);
  return concat(
    inputs.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
    at,
  );
}

const splitPrimitive: Primitive<{ readonly sizes: readonly number[]; readonly axis: number }> = {
  name: "split",
  infer: ([x], { sizes, axis }) =>
    sizes.map((n) => ({ dtype: x.dtype, shape: x.shape.map((d, i) => i === axis ? n : d) })),
  simplify: ([x], { sizes, axis }) => {
    if (sizes.length === 1) return [x];
    const joins = x.node.primitive as unknown === concatPrimitive &&
      (x.node.attributes as { axis: number }).axis === axis &&
      x.node.inputs.length === sizes.length &&
      x.node.inputs.every((part, i) => part.shape[axis] === sizes[i]);
    return joins ? x.node.inputs : null;
  },
  emit: (writer, [x], { attributes: { sizes, axis } }) =>
    writer.node("Split", [x, writer.int64s(sizes)], { axis: { int: axis } }, sizes.length),
  vjp: (node, cotangents) => {
    if (cotangents.every((g) => g === null)) return [null];
    const parts = node.outputs.map((y, i) =>
      cotangents[i] ?? broadcastTo(constant(0, y.dtype), y.shape)
    );
    return [concat(parts, node.attributes.axis)];
  },
  batch: ([x], _, { sizes, axis }) => split(x, sizes, axis + 1),
};

/** Cuts along `axis` into parts of the given sizes. @throws TensorError `shape` unless they add up. */
export function split(x: TensorLike, sizes: readonly number[], axis = 0): Tensor[] {
  requireList("split", "the sizes", sizes);
  const input = asTensor(x);
  const along = axisOf("split", axis, input.shape.length);
  const total = sizes.reduce((a, b) => a + b, 0);
  const whole = sizes.length > 0 && sizes.every((n) => Number.isInteger(n) && n >= 0);
  if (total !== input.shape[along] || !whole) {
    throw new TensorError(
      "shape",
      `split: sizes [${sizes.join(", ")}] (sum ${total}) do not divide axis ${along} of ${
        describe(input)
      }`,
    );
  }
  const parts = cut(input, sizes.filter((n) => n > 0), along);
  const none = zeros(input.shape.map((d, i) => i === along ? 0 : d), input.dtype);
  let next = 0;
  return sizes.map((n) => n > 0 ? parts[next++] : constant(none));
}

function cut(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  if (sizes.length <= MOST_PARTS) {
    return [...apply(splitPrimitive, [x], { sizes: [...sizes], axis })];
  }
  const parts = groups(sizes);
  const wide = cut(x, parts.map((group) => group.reduce((a, b) => a + b, 0)), axis);
  return parts.flatMap((group, i) => cut(wide[i], group, axis));
}

interface RangeAttributes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const slicePrimitive: Primitive<RangeAttributes> = {
  name: "slice",
  infer: ([x], { starts, ends }) => [{ dtype: x.dtype, shape: starts.map((s, i) => ends[i] - s) }],
  simplify: ([x], { starts, ends }) =>
    starts.every((s, i) => s === 0 && ends[i] === x.shape[i]) ? [x] : null,
  emit: (writer, [x], { inputs: [{ shape }], attributes: { starts, ends } }) => {
    const axes = shape.flatMap((d, i) => starts[i] !== 0 || ends[i] !== d ? [i] : []);
    const pick = (values: readonly number[]) => writer.int64s(axes.map((a) => values[a]));
    return writer.node("Slice", [x, pick(starts), pick(ends), writer.int64s(axes)]);
  },
  vjp: (node, [g]) => {
    const { starts, ends } = node.attributes;
    const [x] = node.inputs;
    return [g && pad(g, starts.map((s, i) => [s, x.shape[i] - ends[i]]), 0)];
  },
  batch: ([x], _, { starts, ends }, size) => [slice(x, [0, ...starts], [size, ...ends])],
};

/**
 * x[starts[0]:ends[0]:steps[0], …] as in Python: negative positions count from the end, missing
 * trailing axes are whole, `null` ends reach the border; negative steps walk backwards. A range that
 * holds nothing gives an axis of size 0.
 */
export function slice(
  x: TensorLike,
  starts: readonly (number | null)[],
  ends: readonly (number | null)[],
  steps: readonly number[] = [],
): Tensor {
  requireList("slice", "starts", starts);
  requireList("slice", "ends", ends);
  const bound = [...starts, ...ends].find((b) => b !== null && !Number.isInteger(b));
  if (bound !== undefined) {
    throw new TensorError(
      "argument",
      `slice: starts and ends are whole numbers or null, got ${
        kindOf(bound)
      }; dynamicSlice() takes tensors`,
    );
  }
  let input = asTensor(x);
  const rank = input.shape.length;
  if (starts.length > rank || ends.length !== starts.length || steps.length > rank) {
    throw new TensorError(
      "argument",
      `slice: expected as many ends as starts, at most one an axis, got ${starts.length} starts, ${ends.length} ends and ${steps.length} steps for ${
        describe(input)
      }`,
    );
  }
  const from = input.shape.map(() => 0), to = [...input.shape];
  const strided: { axis: number; indices: number[] }[] = [];
  input.shape.forEach((size, axis) => {
    const step = steps[axis] ?? 1;
    if (!Number.isInteger(step) || step === 0) {
      throw new TensorError(
        "argument",
        `slice: step ${step} on axis ${axis} is not an integer other than 0`,
      );
    }
    const low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    const limit = (p: number | null | undefined, border: number) =>
      p === null || p === undefined ? border : Math.min(Math.max(p < 0 ? p + size : p, low), high);
    const start = limit(starts[axis], step > 0 ? 0 : size - 1);
    const end = limit(ends[axis], step > 0 ? size : -1);
    if (step === 1) [from[axis], to[axis]] = [start, Math.max(start, end)];
    else {
      const indices: number[] = [];
      for (let i = start; step > 0 ? i < end : i > end; i += step) indices.push(i);
      strided.push({ axis, indices });
    }
  });
  input = apply1(slicePrimitive, [input], { starts: from, ends: to });
  for (const { axis, indices } of strided) input = take(input, fixedIndices(indices), axis);
  return input;
}

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

const padPrimitive: Primitive<PadAttributes> = {
  name: "pad",
  infer: ([x], { before, after }) => [
    { dtype: x.dtype, shape: x.shape.map((d, i) => before[i] + d + after[i]) },
  ],
  simplify: ([x], { before, after, value }) => {
    if ([...before, ...after].every((n) => n === 0)) return [x];
    if (sizeOf(x.shape) > 0) return null;
    return [broadcastTo(constant(value, x.dtype), x.shape.map((d, i) => before[i] + d + after[i]))];
  },
  emit: (writer, [x], { inputs, attributes: { before, after, value } }) =>
    writer.node("Pad", [
      x,
      writer.int64s([...before, ...after]),
      writer.initializer(full([], value, inputs[0].dtype)),
    ]),
  vjp: (node, [g]) => {
    const { before } = node.attributes;
    const ends = node.inputs[0].shape.map((d, i) => before[i] + d);
    return [g && slice(g, before, ends)];
  },
  batch: ([x], _, { before, after, value }) => [
    pad(x, [[0, 0], ...before.map((n, i) => [n, after[i]])], value),
  ],
};

/** Extends each axis by [before, after] elements of a constant value. */
export function pad(
  x: TensorLike,
  pads: readonly (readonly [number, number] | readonly number[])[],
  value = 0,
): Tensor {
  const input = asTensor(x);
  requireList("pad", "the counts", pads);
  if (typeof value !== "number") {
    throw new TensorError("argument", `pad: value must be a number, got ${kindOf(value)}`);
  }
  const pairs = pads.every((p) => Array.isArray(p) && p.length === 2);
  const counts = pads.flat().every((n) => Number.isInteger(n) && n >= 0);
  if (!pairs || !counts || pads.length !== input.shape.length) {
    throw new TensorError(
      "argument",
      `pad: ${describe(input)} needs ${input.shape.length} pairs of counts ≥ 0, got ${
        JSON.stringify(pads)
      }`,
    );
  }
  if (!isFloat(input.dtype) && !Number.isInteger(value)) {
    throw new TensorError("dtype", `pad: value ${value} is not an element of ${describe(input)}`);
  }
  return apply1(padPrimitive, [input], {
    before: pads.map((p) => p[0]),
    after: pads.map((p) => p[1]),
    value,
  });
}
