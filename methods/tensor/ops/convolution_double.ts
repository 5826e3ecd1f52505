// Convolution and its transpose in float64, of slices and matrix products: ONNX Runtime has no kernel.
import { apply1, type Tensor } from "../node.ts";
import { reshape, transpose } from "./structure.ts";
import { concat, pad, slice } from "./slicing.ts";
import { matmul } from "./linear.ts";
import { sizeOf } from "../ndarray.ts";
import { type ConvAttributes, convolvedSize, convPrimitive } from "./convolution.ts";

/** All index tuples of a box, the last axis fastest. */
function tuples(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (list, n) => list.flatMap((t) => Array.from({ length: n }, (_, i) => [...t, i])),
    [[]],
  );
}

/** The convolution as a product of the weights with one shifted copy of the image a tap. */
export function shiftedProducts(x: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  const [n, channels, ...image] = x.shape;
  const rank = image.length;
  const size = convolvedSize(x, w, a);
  const padded = pad(x, [[0, 0], [0, 0], ...image.map((_, i) => [a.pads[i], a.pads[rank + i]])]);
  const columns = tuples(w.shape.slice(2)).map((tap) => {
    const from = tap.map((t, i) => t * a.dilation[i]);
    const to = from.map((f, i) => f + a.stride[i] * (size[i] - 1) + 1);
    const patch = slice(padded, [0, 0, ...from], [n, channels, ...to], [1, 1, ...a.stride]);
    return reshape(patch, [n, a.groups, channels / a.groups, sizeOf(size)]);
  });
  const [out, inside] = w.shape;
  const taps = w.shape.slice(2).map((_, i) => i + 2);
  const kernel = reshape(transpose(w, [0, ...taps, 1]), [
    a.groups,
    out / a.groups,
    inside * columns.length,
  ]);
  return reshape(matmul(kernel, concat(columns, 2)), [n, out, ...size]);
}

/** The transposed convolution: stretch by the stride, pad, convolve with the mirrored kernel. */
export function stretchedConvolution(
  g: Tensor,
  w: Tensor,
  a: ConvAttributes & { readonly size: readonly number[] },
): Tensor {
  const rank = a.size.length;
  const spatial = a.size.map((_, i) => i + 2);
  const [out, inside] = w.shape, kernel = w.shape.slice(2);
  // [o, i/groups, …] → [i, o/groups, …], group by group; taps in front, so that whole matrices change places.
  const grouped = reshape(w, [a.groups, out / a.groups, inside, sizeOf(kernel)]);
  const taps = transpose(grouped, [0, 3, 2, 1]);
  const whole = taps.shape.map(() => null);
  const backwards = slice(taps, whole, whole, [1, -1, 1, 1]);
  const mirrored = reshape(transpose(backwards, [0, 2, 3, 1]), [
    a.groups * inside,
    out / a.groups,
    ...kernel,
  ]);
  let wide = g;
  spatial.forEach((axis, i) => wide = stretch(wide, axis, a.stride[i]));
  const margins = kernel.map((k, i) => {
    const before = a.dilation[i] * (k - 1) - a.pads[i];
    return [before, a.size[i] + a.dilation[i] * (k - 1) - before - wide.shape[2 + i]];
  });
  const pads = margins.map((m) => m.map((n) => Math.max(0, n)));
  const y = apply1(convPrimitive, [wide, mirrored], {
    stride: new Array<number>(rank).fill(1),
    dilation: a.dilation,
    pads: [...pads.map((p) => p[0]), ...pads.map((p) => p[1])],
    groups: a.groups,
  });
  // Negative margins (padding wider than the kernel) are cut from the result.
  const starts = [0, 0, ...margins.map(([before]) => Math.max(0, -before))];
  const ends = y.shape.map((d, i) => i < 2 ? d : starts[i] + a.size[i - 2]);
  return slice(y, starts, ends);
}

/** Inserts stride − 1 zeros between neighbours along an axis. */
function stretch(x: Tensor, axis: number, stride: number): Tensor {
  if (stride === 1) return x;
  const shape = [...x.shape];
  const apart = reshape(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const pads = apart.shape.map((_, i) => [0, i === axis + 1 ? stride - 1 : 0]);
  const joined = reshape(pad(apart, pads), shape.map((d, i) => i === axis ? d * stride : d));
  const ends = joined.shape.map((d, i) => i === axis ? d - stride + 1 : d);
  return slice(joined, ends.map(() => 0), ends);
}
