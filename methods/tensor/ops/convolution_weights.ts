// The adjoint of the convolution in its weights, and its cheapest expression in matrix products.
import { sizeOf } from "../ndarray.ts";
import { apply1, constant, type Primitive, type Tensor } from "../node.ts";
import { broadcastTo, reshape, transpose } from "./structure.ts";
import { apart } from "./phases.ts";
import { concat, pad, slice, stack } from "./slicing.ts";
import { matmul, matrixTranspose } from "./linear.ts";
import {
  type ConvAttributes,
  convPrimitive,
  correlate,
  transposePrimitive,
} from "./convolution.ts";

/** Attributes of the convolution, and the spatial sizes of its kernel. */
export interface ConvWeightsAttributes extends ConvAttributes {
  readonly size: readonly number[];
}

/** x [n, i, …], cotangents g [n, o, …] → cotangents of the weights [o, i/groups, …size]. */
export const convWeightsPrimitive: Primitive<ConvWeightsAttributes> = {
  name: "convWeights",
  infer: ([x, g], { groups, size }) => [
    { dtype: x.dtype, shape: [g.shape[1], x.shape[1] / groups, ...size] },
  ],
  lower: ([x, g], attributes) => [cheapest(x, g, attributes)],
  emit: () => {
    throw new Error("convWeights is always lowered");
  },
  vjp: (node, [c]) => {
    if (!c) return [null, null];
    const [x, g] = node.inputs;
    const { stride, dilation, pads, groups } = node.attributes;
    const attributes = { stride, dilation, pads, groups };
    return [
      apply1(transposePrimitive, [g, c], { ...attributes, size: x.shape.slice(2) }),
      apply1(convPrimitive, [x, c], attributes),
    ];
  },
  batch: (inputs, batched, attributes, size) => {
    // Examples are groups of channels, as in the convolution itself.
    const [x, g] = inputs.map((t, i) => {
      const all = batched[i] ? t : broadcastTo(reshape(t, [1, ...t.shape]), [size, ...t.shape]);
      const order = all.shape.map((_, axis) => axis < 2 ? 1 - axis : axis);
      const [n, b, c, ...rest] = order.map((axis) => all.shape[axis]);
      return reshape(transpose(all, order), [n, b * c, ...rest]);
    });
    const groups = attributes.groups * size;
    const y = apply1(convWeightsPrimitive, [x, g], { ...attributes, groups });
    return [reshape(y, [size, y.shape[0] / size, ...y.shape.slice(1)])];
  },
  flops: (node) => 2 * sizeOf(node.inputs[1].shape) * sizeOf(node.outputs[0].shape.slice(1)),
};

/**
 * A product for each tap of the kernel, each of small matrices that stay in the cache: about twice as
 * fast as convolving with the cotangent as the kernel, which ONNX Runtime's Conv is not made for.
 * With few input channels one product over all taps is faster still.
 */
function cheapest(x: Tensor, g: Tensor, attributes: ConvWeightsAttributes): Tensor {
  const { groups, size } = attributes;
  const taps = sizeOf(size), perGroup = x.shape[1] / groups;
  const few = taps <= 25;
  if (few && groups === 1 && perGroup < 8 && taps * perGroup <= 64) {
    return oneProduct(x, g, size, attributes);
  }
  if (x.dtype === "float64" || (few && perGroup >= 8)) return manyProducts(x, g, size, attributes);
  return correlate(x, g, size, attributes);
}

/** [n, c, places] as [n, groups, c/groups, places]. */
function grouped(t: Tensor, groups: number): Tensor {
  return reshape(t, [t.shape[0], groups, t.shape[1] / groups, t.shape[2]]);
}

const flat = (t: Tensor) => reshape(t, [t.shape[0], t.shape[1], sizeOf(t.shape.slice(2))]);

/**
 * [n, …] summed over n by a product with ones: on two threads ONNX Runtime's ReduceSum takes seven times as long
 * as on one for sizes like these, longer than the products that it sums.
 */
function overImages(each: Tensor): Tensor {
  const [n] = each.shape;
  const ones = broadcastTo(constant(1, each.dtype), [1, n]);
  return matmul(ones, reshape(each, [n, sizeOf(each.shape.slice(1))]));
}

function manyProducts(x: Tensor, g: Tensor, size: readonly number[], a: ConvAttributes): Tensor {
  const [i, o] = [x.shape[1] / a.groups, g.shape[1]];
  const cotangent = grouped(flat(g), a.groups);
  const products = patches(x, size, g.shape.slice(2), a).map((patch) => {
    const each = matmul(cotangent, matrixTranspose(grouped(patch, a.groups)));
    return reshape(overImages(each), [o, i]);
  });
  return reshape(stack(products, 2), [o, i, ...size]);
}

function oneProduct(x: Tensor, g: Tensor, size: readonly number[], a: ConvAttributes): Tensor {
  const columns = concat(patches(x, size, g.shape.slice(2), a), 1);
  const product = overImages(matmul(flat(g), matrixTranspose(columns)));
  const [i, o] = [x.shape[1], g.shape[1]];
  const apart = reshape(product, [o, sizeOf(size), i]);
  return reshape(transpose(apart, [0, 2, 1]), [o, i, ...size]);
}

/** For each tap of the kernel, row by row, what it sees at every place: [n, c, places]. */
function patches(
  x: Tensor,
  size: readonly number[],
  places: readonly number[],
  { stride, dilation, pads }: ConvAttributes,
): Tensor[] {
  const rank = size.length;
  const image = x.shape.slice(2);
  // Negative margins crop.
  const cropped = slice(
    x,
    [0, 0, ...image.map((_, i) => Math.max(0, -pads[i]))],
    [x.shape[0], x.shape[1], ...image.map((d, i) => d - Math.max(0, -pads[rank + i]))],
  );
  // Up to a multiple of the stride, so that the places of a tap are neighbours in one phase of it.
  const margins = image.map((_, i) => {
    const before = Math.max(0, pads[i]), after = Math.max(0, pads[rank + i]);
    const total = before + cropped.shape[2 + i] + after;
    return [before, after + (stride[i] - total % stride[i]) % stride[i]];
  });
  const padded = pad(cropped, [[0, 0], [0, 0], ...margins]);
  const strided = stride.some((s) => s > 1);
  const phases = strided ? apart(padded, stride) : padded;
  const cut = (t: Tensor, axis: number, start: number, length: number) =>
    slice(
      t,
      t.shape.map((_, k) => k === axis ? start : 0),
      t.shape.map((d, k) => k === axis ? start + length : d),
    );
  return taps(size).map((tap) => {
    const offsets = tap.map((t, i) => t * dilation[i]);
    let patch = phases;
    if (strided) {
      for (let i = 0; i < rank; i++) patch = cut(patch, i, offsets[i] % stride[i], 1);
      patch = reshape(patch, patch.shape.slice(rank));
    }
    // Columns first: taps of one column share them, and whole rows are then copied at a time.
    for (let i = rank - 1; i >= 0; i--) {
      patch = cut(patch, 2 + i, Math.floor(offsets[i] / stride[i]), places[i]);
    }
    return flat(patch);
  });
}

/** All positions in a kernel, the last axis fastest. */
function taps(size: readonly number[]): number[][] {
  return size.reduce<number[][]>(
    (list, d) => list.flatMap((tap) => Array.from({ length: d }, (_, i) => [...tap, i])),
    [[]],
  );
}
