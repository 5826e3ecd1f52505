// Pooling on one or two spatial axes: maximum, average, global average.
import { describe, TensorError } from "../types.ts";
import { fromNumbers, sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import type { OnnxAttributes } from "../onnx/graph_writer.ts";
import { apart, together } from "./phases.ts";
import { broadcastTo, type ReduceOptions, reshape } from "./structure.ts";
import { relu, reluSource } from "./activation.ts";
import { mul, sub } from "./elementwise.ts";
import { cast, equal, where } from "./logic.ts";
import { mean } from "./reduction.ts";
import { pad, slice, split, stack } from "./slicing.ts";
import { convPrimitive, transposePrimitive } from "./convolution.ts";
import { type Padding, type PerAxis, perAxis, positions, type Window, windowOf } from "./window.ts";

function onnxWindow({ size, stride, pads, dilation }: Window): OnnxAttributes {
  return {
    kernel_shape: { ints: size },
    strides: { ints: stride },
    pads: { ints: pads },
    ...(dilation.some((d) => d > 1) ? { dilations: { ints: dilation } } : {}),
  };
}

const pooledShape = (x: Tensor, w: Window) => [
  ...x.shape.slice(0, 2),
  ...positions(x.shape.slice(2), w),
];

/** [b, n, c, …] as [b·n, c, …]. */
const joined = (x: Tensor) => reshape(x, [x.shape[0] * x.shape[1], ...x.shape.slice(2)]);
const parted = (x: Tensor, size: number) =>
  reshape(x, [size, x.shape[0] / size, ...x.shape.slice(1)]);

const maxPoolPrimitive: Primitive<Window> = {
  name: "maxPool",
  infer: ([x], w) => [{ dtype: x.dtype, shape: pooledShape(x, w) }],
  // The rectifier of fewer elements: the same values, and where they tie at 0 no derivative passes.
  simplify: ([x], w) => {
    const source = reluSource(x);
    return source === null ? null : [relu(apply1(maxPoolPrimitive, [source], w))];
  },
  emit: (writer, inputs, node) => writer.node("MaxPool", inputs, onnxWindow(node.attributes)),
  vjp: (node, [g]) => [g && unpool(node.inputs[0], node.outputs[0], g, node.attributes)],
  batch: ([x], _, w, size) => [parted(apply1(maxPoolPrimitive, [joined(x)], w), size)],
  flops: (node) => sizeOf(node.outputs[0].shape) * sizeOf(node.attributes.size),
};

/**
 * Gives each window's cotangent to its largest element, of equal ones to the first, as PyTorch does.
 * Without ONNX's indices, which WebGPU lacks.
 */
function unpool(x: Tensor, y: Tensor, g: Tensor, w: Window): Tensor {
  const image = x.shape.slice(2);
  const tiles = w.pads.every((n) => n === 0) &&
    image.every((n, i) => w.stride[i] === w.size[i] && n % w.size[i] === 0);
  return tiles ? unpoolTiles(x, y, g, w) : unpoolWindows(x, y, g, w);
}

/** The numbers 0, 1, … of the taps, in the order of a window's elements, as floats. */
function tapNumbers(x: Tensor, shape: readonly number[]): Tensor {
  const count = sizeOf(shape);
  return constant(fromNumbers(Array.from({ length: count }, (_, i) => i), shape, x.dtype));
}

/**
 * Windows that tile the image, tap by tap: what the first taps leave goes on to the next. Masks over all
 * taps at once would broadcast along axes of two or three elements, which ONNX Runtime does slowly.
 */
function unpoolTiles(x: Tensor, y: Tensor, g: Tensor, { size }: Window): Tensor {
  const taps = sizeOf(size);
  const seen = reshape(apart(x, size), [taps, ...y.shape]);
  let rest = g;
  const shares = split(seen, Array<number>(taps).fill(1)).map(
    (one, tap) => {
      if (tap === taps - 1) return rest;
      const share = mul(rest, cast(equal(reshape(one, y.shape), y), g.dtype));
      rest = sub(rest, share);
      return share;
    },
  );
  return together(reshape(stack(shares), [...size, ...y.shape]), size);
}

/** Any windows: which tap is the largest, then one transposed convolution with a unit kernel a tap. */
function unpoolWindows(x: Tensor, y: Tensor, g: Tensor, w: Window): Tensor {
  const rank = w.size.length, out = y.shape.slice(2), lead = x.shape.slice(0, 2);
  const margins = w.size.map((_, i) => [w.pads[i], w.pads[rank + i]]);
  const padded = pad(x, [[0, 0], [0, 0], ...margins], -Infinity);
  const taps = sizeOf(w.size);
  let largest = broadcastTo(constant(0, x.dtype), y.shape);
  // From the last tap to the first, which stays among equals.
  for (let tap = taps - 1; tap >= 0; tap--) {
    const from = rank === 1 ? [tap] : [Math.floor(tap / w.size[1]), tap % w.size[1]];
    const to = from.map((f, i) => f + w.stride[i] * (out[i] - 1) + 1);
    const seen = slice(padded, [0, 0, ...from], [...lead, ...to], [1, 1, ...w.stride]);
    largest = where(equal(seen, y), tap, largest);
  }
  const numbers = tapNumbers(x, [taps, ...w.size.map(() => 1)]);
  const shares = where(equal(planes(largest), numbers), planes(g), 0);
  const units = Array.from({ length: taps * taps }, (_, i) => Number(i % (taps + 1) === 0));
  const kernel = constant(fromNumbers(units, [taps, 1, ...w.size], x.dtype));
  const spread = apply1(transposePrimitive, [shares, kernel], {
    ...oneGroup(w),
    size: x.shape.slice(2),
  });
  return reshape(spread, x.shape);
}

const averagePoolPrimitive: Primitive<Window> = {
  name: "averagePool",
  infer: ([x], w) => [{ dtype: x.dtype, shape: pooledShape(x, w) }],
  lower: ([x], w) => {
    if (x.dtype !== "float64") return null;
    return [reshape(apply1(convPrimitive, [planes(x), box(x, w)], oneGroup(w)), pooledShape(x, w))];
  },
  emit: (writer, inputs, node) =>
    writer.node("AveragePool", inputs, {
      ...onnxWindow(node.attributes),
      count_include_pad: { int: 1 },
    }),
  vjp: (node, [g]) => {
    if (!g) return [null];
    const [x] = node.inputs;
    const w = node.attributes;
    const size = x.shape.slice(2);
    const spread = apply1(transposePrimitive, [planes(g), box(x, w)], { ...oneGroup(w), size });
    return [reshape(spread, x.shape)];
  },
  batch: ([x], _, w, size) => [parted(apply1(averagePoolPrimitive, [joined(x)], w), size)],
  flops: (node) => sizeOf(node.outputs[0].shape) * sizeOf(node.attributes.size),
};

/** [n, c, …] as [n·c, 1, …]: channels are pooled alone. */
function planes(x: Tensor): Tensor {
  return reshape(x, [x.shape[0] * x.shape[1], 1, ...x.shape.slice(2)]);
}

/** The kernel of an average. */
function box(x: Tensor, { size }: Window): Tensor {
  return broadcastTo(constant(1 / sizeOf(size), x.dtype), [1, 1, ...size]);
}

function oneGroup({ stride, dilation, pads }: Window) {
  return { stride, dilation, pads, groups: 1 };
}

/** Options of pooling. */
export interface PoolOptions {
  /** Step of the window. @default its size */
  readonly stride?: PerAxis;
  /** Margin around the image, at most as wide as half of the window. @default 0 */
  readonly padding?: Padding;
}

function poolingWindow(
  op: string,
  x: TensorLike,
  size: PerAxis,
  { stride = size, padding = 0 }: PoolOptions,
): [Tensor, Window] {
  const input = asTensor(x);
  const rank = input.shape.length - 2;
  if (!isFloat(input.dtype) || rank < 1 || rank > 2) {
    throw new TensorError(
      "shape",
      `${op}: expected floats [n, c, l] or [n, c, h, w], got ${describe(input)}`,
    );
  }
  const image = input.shape.slice(2);
  const window = windowOf(op, image, perAxis(op, "window", size, rank, 1), { stride, padding });
  if (window.pads.some((n, i) => 2 * n > window.size[i % rank])) {
    throw new TensorError(
      "argument",
      `${op}: padding ${JSON.stringify(padding)} is wider than half of the window [${
        window.size.join(", ")
      }]`,
    );
  }
  if (positions(image, window).some((n) => n < 1)) {
    throw new TensorError(
      "shape",
      `${op}: the window [${window.size.join(", ")}] is larger than the padded image ${
        describe(input)
      }`,
    );
  }
  return [input, window];
}

/**
 * Largest element of each window of `size` on x [n, c, l] or [n, c, h, w]; the margin never wins.
 * Of equal elements the first has the derivative. ONNX Runtime passes over NaN.
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function maxPool(x: TensorLike, size: PerAxis, options: PoolOptions = {}): Tensor {
  const [input, window] = poolingWindow("maxPool", x, size, options);
  return apply1(maxPoolPrimitive, [input], window);
}

/** Options of {@linkcode averagePool}. */
export interface AveragePoolOptions extends PoolOptions {
  /** Whether the zeros of the margin count in the divisor. @default true */
  readonly countIncludePad?: boolean;
}

/**
 * Mean of each window of `size` on x [n, c, l] or [n, c, h, w].
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function averagePool(
  x: TensorLike,
  size: PerAxis,
  { countIncludePad = true, ...options }: AveragePoolOptions = {},
): Tensor {
  const [input, window] = poolingWindow("averagePool", x, size, options);
  const y = apply1(averagePoolPrimitive, [input], window);
  if (countIncludePad || window.pads.every((n) => n === 0)) return y;
  return mul(y, constant(fromNumbers(shares(input, window), y.shape.slice(2), y.dtype)));
}

/** Window size over the number of elements of the image in it, at every position. */
function shares(x: Tensor, w: Window): number[] {
  const image = x.shape.slice(2);
  const counts = positions(image, w).map((n, i) =>
    Array.from({ length: n }, (_, at) => {
      const from = at * w.stride[i] - w.pads[i];
      return Math.min(from + w.size[i], image[i]) - Math.max(from, 0);
    })
  );
  const products = counts.reduce((list, c) => list.flatMap((a) => c.map((b) => a * b)), [1]);
  return products.map((count) => sizeOf(w.size) / count);
}

/** Mean over the spatial axes: x [n, c, …] → [n, c], or [n, c, 1, …] with `keepDims`. */
export function globalAveragePool(x: TensorLike, options: ReduceOptions = {}): Tensor {
  const input = asTensor(x);
  if (input.shape.length < 3) {
    throw new TensorError("shape", `globalAveragePool: expected [n, c, …], got ${describe(input)}`);
  }
  return mean(input, input.shape.slice(2).map((_, i) => i + 2), options);
}
