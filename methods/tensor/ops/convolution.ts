// Two-dimensional convolution (cross-correlation) and its adjoints, any order of derivative.
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
import { sameDType } from "../shape.ts";
import { moveAxis } from "./batching.ts";
import { reshape, transpose } from "./structure.ts";
import { concat, pad, slice } from "./slicing.ts";
import { matmul } from "./linear.ts";
import { mul } from "./elementwise.ts";

interface ConvAttributes {
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Zeros added: top, left, bottom, right; the end may be negative for cropping. */
  readonly pads: readonly [number, number, number, number];
}

function outputSize(x: Tensor, w: Tensor, { stride, dilation, pads }: ConvAttributes): number[] {
  return [0, 1].map((i) =>
    Math.floor(
      (x.shape[2 + i] + pads[i] + pads[2 + i] - dilation[i] * (w.shape[2 + i] - 1) - 1) / stride[i],
    ) + 1
  );
}

const swap = (x: Tensor) => transpose(x, [1, 0, 2, 3]);

/** x [n, i, h, w], weights [o, i, kh, kw] → [n, o, h′, w′]. */
const convPrimitive: Primitive<ConvAttributes> = {
  name: "conv2d",
  infer: ([x, w], attributes) => [
    { dtype: x.dtype, shape: [x.shape[0], w.shape[0], ...outputSize(x, w, attributes)] },
  ],
  // ONNX Runtime convolves float32 only on the CPU: float64 is a sum of shifted products.
  lower: ([x, w], attributes) => x.dtype === "float64" ? [shiftedProducts(x, w, attributes)] : null,
  emit: (writer, inputs, { attributes: { stride, dilation, pads } }) =>
    writer.node("Conv", inputs, {
      strides: { ints: stride },
      dilations: { ints: dilation },
      pads: { ints: pads },
    }),
  vjp: (node, [g]) => {
    if (!g) return [null, null];
    const [x, w] = node.inputs;
    return [spread(g, w, x, node.attributes), correlate(x, g, w, node.attributes)];
  },
  batch: ([x, w], [ofX, ofW], attributes, size) => {
    const [images, out] = [x.shape[x.shape.length - 4], w.shape[w.shape.length - 4]];
    if (ofX && ofW) return [batchedProducts(x, w, attributes)];
    const merged = (t: Tensor) => reshape(t, [-1, ...t.shape.slice(2)]);
    const y = apply1(convPrimitive, [ofX ? merged(x) : x, ofW ? merged(w) : w], attributes);
    const frame = y.shape.slice(2);
    if (ofX) return [reshape(y, [size, images, out, ...frame])];
    return [moveAxis(reshape(y, [images, size, out, ...frame]), 1, 0)];
  },
  flops: (node) => 2 * sizeOf(node.outputs[0].shape) * sizeOf(node.inputs[1].shape.slice(1)),
};

/** Cotangent of the weights: a convolution whose kernel is the output's cotangent. */
function correlate(x: Tensor, g: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  const product = apply1(convPrimitive, [swap(x), swap(g)], {
    stride: a.dilation,
    dilation: a.stride,
    pads: a.pads,
  });
  // Rows and columns that the stride left over give extra taps.
  return slice(swap(product), [0, 0, 0, 0], w.shape);
}

/** Cotangent of the image: stretch by the stride, pad, convolve with the mirrored kernel. */
function spread(g: Tensor, w: Tensor, x: Tensor, a: ConvAttributes): Tensor {
  const mirrored = slice(swap(w), [null, null, null, null], [null, null, null, null], [
    1,
    1,
    -1,
    -1,
  ]);
  let wide = g;
  for (const i of [0, 1]) wide = stretch(wide, 2 + i, a.stride[i]);
  const margins = [0, 1].map((i) => {
    const before = a.dilation[i] * (w.shape[2 + i] - 1) - a.pads[i];
    const after = x.shape[2 + i] + a.dilation[i] * (w.shape[2 + i] - 1) - before -
      wide.shape[2 + i];
    return [before, after];
  });
  const [[top, bottom], [left, right]] = margins.map((m) => m.map((n) => Math.max(0, n)));
  const y = apply1(convPrimitive, [wide, mirrored], {
    stride: [1, 1],
    dilation: a.dilation,
    pads: [top, left, bottom, right],
  });
  // Negative margins (padding wider than the kernel) are cut from the result.
  const starts = [0, 0, ...margins.map(([before]) => Math.max(0, -before))];
  const ends = x.shape.map((d, i) => i < 2 ? y.shape[i] : starts[i] + d);
  return slice(y, starts, ends);
}

/** Inserts stride − 1 zeros between neighbours along an axis. */
function stretch(x: Tensor, axis: number, stride: number): Tensor {
  if (stride === 1) return x;
  const shape = [...x.shape];
  const apart = reshape(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const pads = apart.shape.map((_, i) => [0, i === axis + 1 ? stride - 1 : 0]);
  const joined = reshape(
    pad(apart, pads),
    shape.map((d, i) => i === axis ? d * stride : d),
  );
  const ends = joined.shape.map((d, i) => i === axis ? d - stride + 1 : d);
  return slice(joined, ends.map(() => 0), ends);
}

function shiftedProducts(x: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  const [height, width] = outputSize(x, w, a);
  const kernel = reshape(transpose(w, [0, 2, 3, 1]), [w.shape[0], -1]);
  const y = matmul(mul(kernel, 1), windows(x, w, a));
  return reshape(y, [x.shape[0], w.shape[0], height, width]);
}

/** Images [b, n, …] with weights [b, o, …] of their own: one batched product over windows. */
function batchedProducts(x: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  const [size, images] = x.shape;
  const all = reshape(x, [-1, ...x.shape.slice(2)]), first = reshape(w, [-1, ...w.shape.slice(2)]);
  const frame = outputSize(all, first, a);
  const columns = windows(all, first, a);
  const kernel = reshape(transpose(w, [0, 1, 3, 4, 2]), [size, 1, w.shape[1], -1]);
  const y = matmul(kernel, reshape(columns, [size, images, ...columns.shape.slice(1)]));
  return reshape(y, [size, images, w.shape[1], ...frame]);
}

/** What each tap of the kernel sees: [n, taps · channels, h′ · w′]. */
function windows(x: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  const [height, width] = outputSize(x, w, a);
  const [top, left, bottom, right] = a.pads;
  const padded = pad(x, [[0, 0], [0, 0], [top, bottom], [left, right]]);
  const columns: Tensor[] = [];
  for (let i = 0; i < w.shape[2]; i++) {
    for (let j = 0; j < w.shape[3]; j++) {
      const [y0, x0] = [i * a.dilation[0], j * a.dilation[1]];
      const patch = slice(
        padded,
        [0, 0, y0, x0],
        [
          ...x.shape.slice(0, 2),
          y0 + a.stride[0] * (height - 1) + 1,
          x0 + a.stride[1] * (width - 1) + 1,
        ],
        [1, 1, ...a.stride],
      );
      columns.push(reshape(patch, [x.shape[0], x.shape[1], height * width]));
    }
  }
  return concat(columns, 1);
}

/** Options of {@linkcode conv2d}; a number stands for both directions. */
export interface Conv2dOptions {
  /** Step of the window. @default 1 */
  readonly stride?: number | readonly [number, number];
  /** Zeros added on each side. @default 0 */
  readonly padding?: number | readonly [number, number];
  /** Distance of kernel taps. @default 1 */
  readonly dilation?: number | readonly [number, number];
}

/**
 * Cross-correlation of images x [n, channels, h, w] with weights [out, channels, kh, kw] →
 * [n, out, h′, w′], h′ = ⌊(h + 2·padding − dilation·(kh − 1) − 1)/stride⌋ + 1.
 */
export function conv2d(
  x: TensorLike,
  weights: TensorLike,
  { stride = 1, padding = 0, dilation = 1 }: Conv2dOptions = {},
): Tensor {
  const input = asTensor(x), w = asTensor(weights);
  sameDType("conv2d", input, w);
  if (
    !isFloat(input.dtype) || input.shape.length !== 4 || w.shape.length !== 4 ||
    input.shape[1] !== w.shape[1]
  ) {
    throw new TensorError(
      "shape",
      `conv2d: ${describe(input)} and ${describe(w)}; [n, c, h, w] and [out, c, kh, kw] expected`,
    );
  }
  const both = (v: number | readonly [number, number]): readonly [number, number] =>
    typeof v === "number" ? [v, v] : v;
  const [top, left] = both(padding);
  const attributes: ConvAttributes = {
    stride: both(stride),
    dilation: both(dilation),
    pads: [top, left, top, left],
  };
  if (outputSize(input, w, attributes).some((n) => n < 1)) {
    throw new TensorError(
      "shape",
      `conv2d: the kernel ${describe(w)} is larger than the padded image ${describe(input)}`,
    );
  }
  return apply1(convPrimitive, [input, w], attributes);
}
