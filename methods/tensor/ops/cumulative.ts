// Running sums and products, sorting, the largest elements.
import { describe, TensorError } from "../types.ts";
import { ndarray, sizeOf, zeros } from "../ndarray.ts";
import {
  apply,
  apply1,
  asTensor,
  constant,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axisOf } from "../shape.ts";
import { broadcastTo } from "./structure.ts";
import { mul } from "./elementwise.ts";
import { addAlongAxis } from "./indexing.ts";
import { concat, slice } from "./slicing.ts";

/** Options of {@linkcode cumsum} and {@linkcode cumprod}. */
export interface CumulativeOptions {
  /** From the end towards the front. @default false */
  readonly reverse?: boolean;
  /** Without the element at its own place, so that the first is 0 (sum) or 1 (product). @default false */
  readonly exclusive?: boolean;
}

interface CumsumAttributes {
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}

const cumsumPrimitive: Primitive<CumsumAttributes> = {
  name: "cumsum",
  infer: ([x]) => [x],
  emit: (writer, [x], { attributes: { axis, reverse, exclusive } }) =>
    writer.node("CumSum", [x, writer.initializer(ndarray(BigInt64Array.of(BigInt(axis)), []))], {
      reverse: { int: reverse ? 1 : 0 },
      exclusive: { int: exclusive ? 1 : 0 },
    }),
  vjp: (node, [g]) => {
    const { reverse } = node.attributes;
    return [g && apply1(cumsumPrimitive, [g], { ...node.attributes, reverse: !reverse })];
  },
  batch: ([x], _, attributes) => [
    apply1(cumsumPrimitive, [x], { ...attributes, axis: attributes.axis + 1 }),
  ],
  flops: (node) => sizeOf(node.outputs[0].shape),
};

function numeric(op: string, x: TensorLike): Tensor {
  const input = asTensor(x);
  if (input.dtype !== "bool") return input;
  throw new TensorError(
    "dtype",
    `${op}: expected numbers, got ${describe(input)}; convert it with cast()`,
  );
}

/** Running sum along `axis`. @throws TensorError `dtype` for bool */
export function cumsum(
  x: TensorLike,
  axis: number,
  { reverse = false, exclusive = false }: CumulativeOptions = {},
): Tensor {
  const input = numeric("cumsum", x);
  const along = axisOf("cumsum", axis, input.shape.length);
  return apply1(cumsumPrimitive, [input], { axis: along, reverse, exclusive });
}

/** Moves elements by `steps` (negative: towards the front) along an axis; ones come in. */
function shifted(x: Tensor, axis: number, steps: number): Tensor {
  const size = x.shape[axis];
  const far = Math.min(Math.abs(steps), size);
  const ones = broadcastTo(
    constant(1, x.dtype),
    x.shape.map((d, i) => i === axis ? far : d),
  );
  if (far === size) return ones;
  const from = x.shape.map((_, i) => i === axis && steps < 0 ? far : 0);
  const to = x.shape.map((d, i) => i === axis && steps > 0 ? d - far : d);
  const rest = slice(x, from, to);
  return concat(steps > 0 ? [ones, rest] : [rest, ones], axis);
}

/**
 * Running product along `axis`, in ⌈log₂ size⌉ rounds of one product each (Hillis and Steele, Data
 * parallel algorithms, CACM 29, 1986); its derivatives are exact at zeros. @throws TensorError `dtype` for bool
 */
export function cumprod(
  x: TensorLike,
  axis: number,
  { reverse = false, exclusive = false }: CumulativeOptions = {},
): Tensor {
  const input = numeric("cumprod", x);
  const along = axisOf("cumprod", axis, input.shape.length);
  const sign = reverse ? -1 : 1;
  if (sizeOf(input.shape) === 0) return input;
  let y = exclusive ? shifted(input, along, sign) : input;
  for (let steps = 1; steps < input.shape[along]; steps *= 2) {
    y = mul(y, shifted(y, along, sign * steps));
  }
  return y;
}

interface TopKAttributes {
  readonly axis: number;
  readonly k: number;
  readonly largest: boolean;
}

const topKPrimitive: Primitive<TopKAttributes> = {
  name: "topK",
  infer: ([x], { axis, k }) => {
    const shape = x.shape.map((d, i) => i === axis ? k : d);
    return [{ dtype: x.dtype, shape }, { dtype: "int64", shape }];
  },
  emit: (writer, [x], { attributes: { axis, k, largest } }) =>
    writer.node("TopK", [x, writer.int64s([k])], {
      axis: { int: axis },
      largest: { int: largest ? 1 : 0 },
      sorted: { int: 1 },
    }, 2),
  vjp: (node, [g]) => {
    if (!g) return [null];
    const [x] = node.inputs;
    const zeros = broadcastTo(constant(0, x.dtype), x.shape);
    return [addAlongAxis(zeros, node.outputs[1], g, node.attributes.axis)];
  },
  batch: ([x], _, attributes) =>
    apply(topKPrimitive, [x], { ...attributes, axis: attributes.axis + 1 }),
  flops: (node) => sizeOf(node.inputs[0].shape) * Math.ceil(Math.log2(1 + node.attributes.k)),
};

/** Options of {@linkcode topK}. */
export interface TopKOptions {
  /** Along which axis. @default -1 */
  readonly axis?: number;
  /** The largest, in descending order; else the smallest, ascending. @default true */
  readonly largest?: boolean;
}

/**
 * The k largest (or smallest) elements along an axis and their indices (int64), best first; of equal
 * elements the one with the lower index comes first. Derivatives flow through the values. The order
 * of NaN is undefined.
 * @throws TensorError `argument` unless 1 ≤ k ≤ the size of the axis
 */
export function topK(
  x: TensorLike,
  k: number,
  { axis = -1, largest = true }: TopKOptions = {},
): [values: Tensor, indices: Tensor] {
  const input = numeric("topK", x);
  const along = axisOf("topK", axis, input.shape.length);
  if (!Number.isInteger(k) || k < 1 || k > input.shape[along]) {
    throw new TensorError(
      "argument",
      `topK: k is ${k}; axis ${along} of ${describe(input)} has ${input.shape[along]} elements`,
    );
  }
  const [values, indices] = apply(topKPrimitive, [input], { axis: along, k, largest });
  return [values, indices];
}

/** Options of {@linkcode sort} and {@linkcode argsort}. */
export interface SortOptions {
  /** Largest first. @default false */
  readonly descending?: boolean;
}

/** Elements in ascending order along `axis`; equal ones keep their order. The order of NaN is undefined. */
export function sort(
  x: TensorLike,
  axis = -1,
  { descending = false }: SortOptions = {},
): Tensor {
  return sorted("sort", x, axis, descending)[0];
}

/** Indices (int64) that sort along `axis`, stably. The order of NaN is undefined. */
export function argsort(
  x: TensorLike,
  axis = -1,
  { descending = false }: SortOptions = {},
): Tensor {
  return sorted("argsort", x, axis, descending)[1];
}

function sorted(op: string, x: TensorLike, axis: number, largest: boolean): readonly Tensor[] {
  const input = numeric(op, x);
  const along = axisOf(op, axis, input.shape.length);
  if (sizeOf(input.shape) === 0) return [input, constant(zeros(input.shape, "int64"))];
  return topK(input, input.shape[along], { axis: along, largest });
}
