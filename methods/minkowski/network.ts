// The regression network: a rectifier MLP from R^d to R.

import { he, linear, type LinearParams } from "../nn/mod.ts";
import { initZeros } from "../nn/layers.ts";
import { type NdArray, relu, reshape, type Tensor } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";

/** Layers from the input to the output; each is `w` [in, out] and `b` [out]. */
export type Mlp<L = Tensor> = readonly LinearParams<L>[];

/** Sizes of an {@link Mlp}. */
export interface MlpShape {
  /** d, the ambient dimension. */
  readonly dimension: number;
  /** Units of each hidden layer. */
  readonly width: number;
  /** Number of hidden layers. */
  readonly hidden: number;
}

/**
 * He-normal weights, and an output layer of gain 1. The first layer's biases are standard normal: kinks
 * of its units then lie all over the inputs' range, where zeros would put all of them through the origin,
 * which a design of few effective coordinates cannot recover from. Other biases are zero.
 *
 * @param inputRms root mean square of an input's coordinates; the first layer's weights undo it.
 */
export function initMlp(
  stream: Stream,
  { dimension, width, hidden }: MlpShape,
  inputRms = 1,
): Mlp<NdArray> {
  const sizes = [dimension, ...Array.from({ length: hidden }, () => width), 1];
  return sizes.slice(1).map((out, i) => ({
    w: he(stream.child("layer", i), [sizes[i], out], {
      distribution: "normal",
      gain: (i === hidden ? 1 : Math.SQRT2) / (i === 0 ? inputRms : 1),
    }),
    b: i === 0 ? stream.child("bias").normal([out]) : initZeros([out]),
  }));
}

/** x [n, d] → [n]. */
export function mlp(params: Mlp, x: Tensor): Tensor {
  const last = params.length - 1;
  const y = params.reduce((h, layer, i) => i < last ? relu(linear(layer, h)) : linear(layer, h), x);
  return reshape(y, [-1]);
}
