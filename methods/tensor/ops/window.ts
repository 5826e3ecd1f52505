// Options of sliding windows (convolution, pooling): strides, padding and dilation for each axis.
import { TensorError } from "../types.ts";

/** One value for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/**
 * Zeros around the image: a number for every side; "valid" for none; "same" for as many as give
 * ⌈size / stride⌉ outputs, the odd one at the end; or for each spatial axis a number (both sides) or
 * a pair [before, after].
 */
export type Padding = "same" | "valid" | number | readonly (number | readonly [number, number])[];

/** A window on d spatial axes. */
export interface Window {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before each axis, then after each axis, as ONNX lists them. */
  readonly pads: readonly number[];
}

/** Whole numbers for each of `rank` axes. @throws TensorError `argument` */
export function perAxis(
  op: string,
  name: string,
  value: PerAxis,
  rank: number,
  least: number,
): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (list.length !== rank || !list.every((v) => Number.isInteger(v) && v >= least)) {
    throw new TensorError(
      "argument",
      `${op}: ${name} must be an integer ≥ ${least} or ${rank} of them, got ${
        JSON.stringify(value)
      }`,
    );
  }
  return [...list];
}

/** Span of a dilated kernel. */
export const extent = (kernel: number, dilation: number) => dilation * (kernel - 1) + 1;

/** Zeros before and after each axis. @throws TensorError `argument` */
function padsOf(
  op: string,
  padding: Padding,
  image: readonly number[],
  { size, stride, dilation }: Omit<Window, "pads">,
): readonly number[] {
  const rank = image.length;
  const zeros = () => new Array<number>(rank).fill(0);
  if (padding === "valid") return [...zeros(), ...zeros()];
  if (padding === "same") {
    const totals = image.map((n, i) =>
      Math.max(0, (Math.ceil(n / stride[i]) - 1) * stride[i] + extent(size[i], dilation[i]) - n)
    );
    return [...totals.map((t) => Math.floor(t / 2)), ...totals.map((t) => Math.ceil(t / 2))];
  }
  const pairs = (typeof padding === "number" ? zeros().map(() => padding) : padding)
    .map((p) => typeof p === "number" ? [p, p] : p);
  const fits = pairs.length === rank &&
    pairs.every((p) => p.length === 2 && p.every((n) => Number.isInteger(n) && n >= 0));
  if (!fits) {
    throw new TensorError(
      "argument",
      `${op}: padding must be "same", "valid", an integer ≥ 0, or ${rank} integers or pairs [before, after], got ${
        JSON.stringify(padding)
      }`,
    );
  }
  return [...pairs.map((p) => p[0]), ...pairs.map((p) => p[1])];
}

/** Options as users give them. */
export interface WindowOptions {
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
}

/** The window of `size` on an image of spatial sizes `image`. @throws TensorError `argument` */
export function windowOf(
  op: string,
  image: readonly number[],
  size: readonly number[],
  { stride = 1, padding = 0, dilation = 1 }: WindowOptions,
): Window {
  const rank = image.length;
  const window = {
    size,
    stride: perAxis(op, "stride", stride, rank, 1),
    dilation: perAxis(op, "dilation", dilation, rank, 1),
  };
  return { ...window, pads: padsOf(op, padding, image, window) };
}

/** Positions of a window on each axis: ⌊(size + pads − extent) / stride⌋ + 1. */
export function positions(image: readonly number[], w: Window): number[] {
  const rank = image.length;
  return image.map((n, i) =>
    Math.floor(
      (n + w.pads[i] + w.pads[rank + i] - extent(w.size[i], w.dilation[i])) / w.stride[i],
    ) +
    1
  );
}
