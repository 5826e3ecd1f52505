// Convolution (cross-correlation) on one or two spatial axes: the primitive and its adjoints, any order.
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
import { reshape, sum, transpose } from "./structure.ts";
import { slice } from "./slicing.ts";
import { convWeightsPrimitive } from "./convolution_weights.ts";
import { type Padding, type PerAxis, perAxis, positions, windowOf } from "./window.ts";
import { shiftedProducts, stretchedConvolution } from "./convolution_double.ts";

/** Attributes of the convolution and, with the size of its result, of its transpose. */
export interface ConvAttributes {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before each axis, then after each. */
  readonly pads: readonly number[];
  readonly groups: number;
}

interface TransposeAttributes extends ConvAttributes {
  /** Spatial sizes of the result. */
  readonly size: readonly number[];
}

/** Spatial sizes of the result. */
export function convolvedSize(x: Tensor, w: Tensor, attributes: ConvAttributes): number[] {
  return positions(x.shape.slice(2), { ...attributes, size: w.shape.slice(2) });
}

/** Exchanges the first two axes. */
function swap(x: Tensor): Tensor {
  return transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);
}

/** Cuts axis `axis` into [count, size / count]. */
function cut(x: Tensor, axis: number, count: number): Tensor {
  const { shape } = x;
  return reshape(x, [
    ...shape.slice(0, axis),
    count,
    shape[axis] / count,
    ...shape.slice(axis + 1),
  ]);
}

/** Joins axes `axis` and `axis` + 1. */
function join(x: Tensor, axis: number): Tensor {
  const { shape } = x;
  return reshape(x, [
    ...shape.slice(0, axis),
    shape[axis] * shape[axis + 1],
    ...shape.slice(axis + 2),
  ]);
}

/**
 * A convolution or its transpose over a batch.
 *
 * @param ofAll Kernels of all examples [size, …] as one, whose results lie group by group, then example by example.
 */
function batchConvolution<A extends ConvAttributes>(
  primitive: Primitive<A>,
  ofAll: (w: Tensor, groups: number) => Tensor,
  [x, w]: readonly Tensor[],
  [xBatched, wBatched]: readonly boolean[],
  attributes: A,
  size: number,
): readonly Tensor[] {
  const { groups } = attributes;
  if (!wBatched) return [cut(apply1(primitive, [join(x, 0), w], attributes), 0, size)];
  if (!xBatched) {
    const y = apply1(primitive, [x, ofAll(w, groups)], attributes);
    return [join(moveAxis(cut(cut(y, 1, groups), 2, size), 2, 0), 2)];
  }
  const y = apply1(primitive, [join(moveAxis(x, 0, 1), 1), join(w, 0)], {
    ...attributes,
    groups: groups * size,
  });
  return [moveAxis(cut(y, 1, size), 1, 0)];
}

/** x [n, i, …], weights [o, i/groups, …] → [n, o, …]. */
export const convPrimitive: Primitive<ConvAttributes> = {
  name: "conv",
  infer: ([x, w], attributes) => [
    { dtype: x.dtype, shape: [x.shape[0], w.shape[0], ...convolvedSize(x, w, attributes)] },
  ],
  // ONNX Runtime convolves no float64 on the CPU.
  lower: ([x, w], attributes) => x.dtype === "float64" ? [shiftedProducts(x, w, attributes)] : null,
  emit: (writer, inputs, { attributes: { stride, dilation, pads, groups } }) =>
    writer.node("Conv", inputs, {
      strides: { ints: stride },
      dilations: { ints: dilation },
      pads: { ints: pads },
      ...(groups === 1 ? {} : { group: { int: groups } }),
    }),
  vjp: (node, [g]) => {
    if (!g) return [null, null];
    const [x, w] = node.inputs;
    return [
      apply1(transposePrimitive, [g, w], { ...node.attributes, size: x.shape.slice(2) }),
      weightsCotangent(x, g, w, node.attributes),
    ];
  },
  batch: (...rest) =>
    batchConvolution(
      convPrimitive,
      (w, groups) => join(join(moveAxis(cut(w, 1, groups), 0, 1), 0), 0),
      ...rest,
    ),
  flops: (node) => 2 * sizeOf(node.outputs[0].shape) * sizeOf(node.inputs[1].shape.slice(1)),
};

function weightsCotangent(x: Tensor, g: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  return apply1(convWeightsPrimitive, [x, g], { ...a, size: w.shape.slice(2) });
}

/** Cotangent of weights of spatial `size`: a convolution whose kernel is the output's cotangent. */
export function correlate(
  x: Tensor,
  g: Tensor,
  size: readonly number[],
  { stride, dilation, pads, groups }: ConvAttributes,
): Tensor {
  // Channels of a group take the place of the batch, the batch that of a group's channels.
  const images = join(moveAxis(moveAxis(cut(x, 1, groups), 2, 0), 2, 1), 1);
  const product = swap(
    apply1(convPrimitive, [images, swap(g)], { pads, groups, stride: dilation, dilation: stride }),
  );
  // Rows and columns that the stride left over give extra taps.
  return slice(product, [0, 0, ...size.map(() => 0)], [...product.shape.slice(0, 2), ...size]);
}

/** The adjoint of the convolution in its image: g [n, o, …], weights [o, i/groups, …] → [n, i, …]. */
export const transposePrimitive: Primitive<TransposeAttributes> = {
  name: "convTranspose",
  infer: ([g, w], { size, groups }) => [
    { dtype: g.dtype, shape: [g.shape[0], w.shape[1] * groups, ...size] },
  ],
  lower: ([g, w], attributes) => {
    // Without a stride a convolution with the mirrored kernel takes a third of ConvTranspose's time.
    if (g.dtype === "float64" || attributes.stride.every((s) => s === 1)) {
      return [stretchedConvolution(g, w, attributes)];
    }
    // ONNX Runtime 1.30 on WebGPU is wrong for groups of an even number of channels with one result:
    // there each channel is a group, and results are summed.
    const [channels, results] = w.shape, { groups } = attributes;
    const inside = channels / groups;
    if (groups === 1 || results !== 1 || inside % 2 === 1) return null;
    const apart = apply1(transposePrimitive, [g, w], { ...attributes, groups: channels });
    return [sum(cut(apart, 1, groups), 2)];
  },
  emit: (writer, inputs, { inputs: [g, w], attributes }) => {
    const { stride, dilation, pads, groups, size } = attributes;
    const rank = size.length;
    const over = size.map((n, i) =>
      n + pads[i] + pads[rank + i] - dilation[i] * (w.shape[2 + i] - 1) - 1 -
      stride[i] * (g.shape[2 + i] - 1)
    );
    return writer.node("ConvTranspose", inputs, {
      strides: { ints: stride },
      dilations: { ints: dilation },
      pads: { ints: pads },
      ...(over.some((n) => n > 0) ? { output_padding: { ints: over } } : {}),
      ...(groups === 1 ? {} : { group: { int: groups } }),
    });
  },
  vjp: (node, [c]) => {
    if (!c) return [null, null];
    const [g, w] = node.inputs;
    const { stride, dilation, pads, groups } = node.attributes;
    const attributes = { stride, dilation, pads, groups };
    return [apply1(convPrimitive, [c, w], attributes), weightsCotangent(c, g, w, attributes)];
  },
  batch: (...rest) =>
    batchConvolution(transposePrimitive, (w) => join(moveAxis(w, 0, 1), 1), ...rest),
  flops: (node) => 2 * sizeOf(node.inputs[0].shape) * sizeOf(node.inputs[1].shape.slice(1)),
};

/** Options of {@linkcode conv1d} and {@linkcode conv2d}; a number stands for all directions. */
export interface ConvOptions {
  /** Step of the window. @default 1 */
  readonly stride?: PerAxis;
  /** Zeros around the image. @default 0 */
  readonly padding?: Padding;
  /** Distance of kernel taps. @default 1 */
  readonly dilation?: PerAxis;
  /** Parts into which channels are cut, each convolved alone. @default 1 */
  readonly groups?: number;
}

/** Options of {@linkcode conv2d}. */
export type Conv2dOptions = ConvOptions;

/** Options of {@linkcode convTranspose1d} and {@linkcode convTranspose2d}. */
export interface ConvTransposeOptions {
  /** Step of the window. @default 1 */
  readonly stride?: PerAxis;
  /** What is cut from the result: the padding of the convolution that this one transposes. @default 0 */
  readonly padding?: Exclude<Padding, "same">;
  /** Rows and columns added at the end of the result, fewer than the stride. @default 0 */
  readonly outputPadding?: PerAxis;
  /** Distance of kernel taps. @default 1 */
  readonly dilation?: PerAxis;
  /** Parts into which channels are cut, each convolved alone. @default 1 */
  readonly groups?: number;
}

function operands(op: string, rank: number, layout: string, a: TensorLike, b: TensorLike) {
  const x = asTensor(a), w = asTensor(b);
  sameDType(op, x, w);
  if (!isFloat(x.dtype) || x.shape.length !== rank + 2 || w.shape.length !== rank + 2) {
    throw new TensorError(
      "shape",
      `${op}: ${describe(x)} and ${describe(w)}; float tensors ${layout} expected`,
    );
  }
  return [x, w];
}

function convolve(
  op: string,
  rank: number,
  image: TensorLike,
  weights: TensorLike,
  { groups = 1, ...options }: ConvOptions,
): Tensor {
  const layout = rank === 1
    ? "[n, c, l] and [out, c/groups, k]"
    : "[n, c, h, w] and [out, c/groups, kh, kw]";
  const [x, w] = operands(op, rank, layout, image, weights);
  perAxis(op, "groups", groups, 1, 1);
  if (x.shape[1] !== w.shape[1] * groups || w.shape[0] % groups !== 0) {
    throw new TensorError(
      "shape",
      `${op}: channels of ${describe(x)} and ${
        describe(w)
      } do not fit in ${groups} groups; ${layout} expected`,
    );
  }
  const window = windowOf(op, x.shape.slice(2), w.shape.slice(2), options);
  const { stride, dilation, pads } = window;
  if (positions(x.shape.slice(2), window).some((n) => n < 1)) {
    throw new TensorError(
      "shape",
      `${op}: the kernel ${describe(w)} is larger than the padded image ${describe(x)}`,
    );
  }
  return apply1(convPrimitive, [x, w], { stride, dilation, pads, groups });
}

/**
 * Cross-correlation of sequences x [n, channels, l] with weights [out, channels/groups, k] →
 * [n, out, l′], l′ = ⌊(l + padding − dilation·(k − 1) − 1)/stride⌋ + 1.
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function conv1d(x: TensorLike, weights: TensorLike, options: ConvOptions = {}): Tensor {
  return convolve("conv1d", 1, x, weights, options);
}

/**
 * Cross-correlation of images x [n, channels, h, w] with weights [out, channels/groups, kh, kw] →
 * [n, out, h′, w′], h′ = ⌊(h + padding − dilation·(kh − 1) − 1)/stride⌋ + 1.
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function conv2d(x: TensorLike, weights: TensorLike, options: ConvOptions = {}): Tensor {
  return convolve("conv2d", 2, x, weights, options);
}

function convolveTransposed(
  op: string,
  rank: number,
  image: TensorLike,
  weights: TensorLike,
  { groups = 1, outputPadding = 0, ...options }: ConvTransposeOptions,
): Tensor {
  const layout = rank === 1
    ? "[n, c, l] and [c, out/groups, k]"
    : "[n, c, h, w] and [c, out/groups, kh, kw]";
  const [x, w] = operands(op, rank, layout, image, weights);
  perAxis(op, "groups", groups, 1, 1);
  if (x.shape[1] !== w.shape[0] || w.shape[0] % groups !== 0) {
    throw new TensorError(
      "shape",
      `${op}: channels of ${describe(x)} and ${
        describe(w)
      } do not fit in ${groups} groups; ${layout} expected`,
    );
  }
  const window = windowOf(op, x.shape.slice(2), w.shape.slice(2), options);
  const { stride, dilation, pads } = window;
  const extra = perAxis(op, "outputPadding", outputPadding, rank, 0);
  if (extra.some((n, i) => n >= stride[i])) {
    throw new TensorError(
      "argument",
      `${op}: outputPadding ${JSON.stringify(outputPadding)} must be below the stride ${
        JSON.stringify(stride)
      }`,
    );
  }
  const size = x.shape.slice(2).map((n, i) =>
    (n - 1) * stride[i] - pads[i] - pads[rank + i] + dilation[i] * (w.shape[2 + i] - 1) + 1 +
    extra[i]
  );
  if (size.some((n) => n < 1)) {
    throw new TensorError(
      "shape",
      `${op}: padding ${JSON.stringify(options.padding)} leaves nothing of ${describe(x)}`,
    );
  }
  return apply1(transposePrimitive, [x, w], { stride, dilation, pads, groups, size });
}

/**
 * Transposed convolution, the adjoint of {@linkcode conv1d}: x [n, channels, l] with weights
 * [channels, out/groups, k] → [n, out, (l − 1)·stride − 2·padding + dilation·(k − 1) + 1 +
 * outputPadding].
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function convTranspose1d(
  x: TensorLike,
  weights: TensorLike,
  options: ConvTransposeOptions = {},
): Tensor {
  return convolveTransposed("convTranspose1d", 1, x, weights, options);
}

/**
 * Transposed convolution, the adjoint of {@linkcode conv2d}: x [n, channels, h, w] with weights
 * [channels, out/groups, kh, kw]; sizes as in {@linkcode convTranspose1d} on both axes.
 * @throws TensorError `shape` or `argument` where sizes or options do not fit
 */
export function convTranspose2d(
  x: TensorLike,
  weights: TensorLike,
  options: ConvTransposeOptions = {},
): Tensor {
  return convolveTransposed("convTranspose2d", 2, x, weights, options);
}
