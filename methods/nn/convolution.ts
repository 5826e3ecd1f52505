// Convolution as a layer: weights in PyTorch's layout, an optional bias.

import {
  add,
  conv2d,
  type Conv2dOptions,
  type NdArray,
  reshape,
  type Tensor,
  TensorError,
  zeros,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { requireOptions, requireSizes } from "./checks.ts";
import { he } from "./initializers.ts";

/** Weights `w` [out, in/groups, height, width] and bias `b` [out], which a normalisation may spare. */
export type ConvParams<L = Tensor> = { w: L; b?: L };

/** Sizes of a convolution. */
export interface ConvSizes {
  inputs: number;
  outputs: number;
  /** Side of the square window. */
  window: number;
  /** @default 1 */
  groups?: number;
  /** @default true */
  bias?: boolean;
}

/**
 * Weights normal with variance 2/(out·window²), from the stream's child "w" (He et al., arXiv
 * 1502.01852, as ResNet uses it: scaled by outputs, not inputs); zero bias.
 *
 * @throws TensorError `argument` naming a size that is missing, or groups that do not divide the others.
 */
export function initConv(stream: Stream, sizes: ConvSizes): ConvParams<NdArray> {
  requireOptions("initConv", sizes, "{ inputs, outputs, window }");
  const { inputs, outputs, window, groups = 1, bias = true } = sizes;
  requireSizes("initConv", { inputs, outputs, window, groups });
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new TensorError(
      "argument",
      `initConv: ${inputs} inputs and ${outputs} outputs do not fall into ${groups} groups`,
    );
  }
  const w = he(stream.child("w"), [outputs, inputs / groups, window, window], {
    distribution: "normal",
    fans: { in: outputs * window ** 2, out: inputs / groups * window ** 2 },
  });
  return bias ? { w, b: zeros([outputs]) } : { w };
}

/** Convolution of images [batch, in, height, width] → [batch, out, height′, width′]; see `conv2d`. */
export function convolution(p: ConvParams, x: Tensor, options: Conv2dOptions = {}): Tensor {
  const y = conv2d(x, p.w, options);
  return p.b ? add(y, reshape(p.b, [1, -1, 1, 1])) : y;
}
