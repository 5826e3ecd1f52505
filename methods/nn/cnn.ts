// A small convolutional network: convolution, ReLU and 2×2 pooling, over and over, then a perceptron.

import { maxPool, type NdArray, relu, reshape, type Tensor, TensorError } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { mlp, type MlpParams } from "./block.ts";
import { requireList, requireOptions, requireSizes } from "./checks.ts";
import { convolution, type ConvParams, initConv } from "./convolution.ts";
import { glorot, he } from "./initializers.ts";
import { initZeros, type Linear, type LinearParams } from "./layers.ts";

/** Sizes of a small convolutional network. */
export interface CnnConfig {
  /** Side of the square images. */
  image: number;
  channels: number;
  /** Channels after each convolution; each halves the image, rounding down. */
  widths: readonly number[];
  /** Side of the square windows, odd. @default 3 */
  window?: number;
  /** Hidden units before the scores. */
  hidden: number;
  classes: number;
}

/** Parameters of a small convolutional network. */
export type CnnParams<L = Tensor, M = LinearParams<L>> = {
  convolutions: ConvParams<L>[];
  head: MlpParams<L, M>;
};

/**
 * Initial parameters (He, Glorot for the scores), from the children "convolutions" and "head".
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initCnn(stream: Stream, config: CnnConfig): CnnParams<NdArray> {
  requireOptions("initCnn", config, "{ image, channels, widths, hidden, classes }");
  const { image, channels, widths, window = 3, hidden, classes } = config;
  requireSizes("initCnn", { image, channels, window, hidden, classes });
  requireList("initCnn", "widths", widths);
  const side = widths.reduce((n) => Math.floor(n / 2), image);
  if (side < 1) {
    throw new TensorError(
      "argument",
      `initCnn: images of ${image} pixels cannot be halved ${widths.length} times`,
    );
  }
  const flat = side ** 2 * (widths[widths.length - 1] ?? channels);
  return {
    convolutions: widths.map((outputs, i) =>
      initConv(stream.child("convolutions", i), {
        inputs: widths[i - 1] ?? channels,
        outputs,
        window,
      })
    ),
    head: {
      up: { w: he(stream.child("head", "up", "w"), [flat, hidden]), b: initZeros([hidden]) },
      down: {
        w: glorot(stream.child("head", "down", "w"), [hidden, classes]),
        b: initZeros([classes]),
      },
    },
  };
}

/**
 * Scores of the classes, [batch, classes].
 *
 * @param images [batch, channels, image, image].
 *
 * @example
 * ```ts
 * import { compile, type Tensor, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { cnn, type CnnParams, initCnn } from "./mod.ts";
 *
 * const config = { image: 28, channels: 1, widths: [8, 16], hidden: 32, classes: 10 };
 * const params = initCnn(stream(7, "cnn"), config);
 * const program = compile((p: CnnParams, x: Tensor) => cnn(p, x), [params, zeros([4, 1, 28, 28])]);
 * console.log(program.outputs[0].shape); // [4, 10]
 * ```
 */
export function cnn(params: CnnParams<Tensor, Linear>, images: Tensor): Tensor {
  const features = params.convolutions.reduce((x, p) => {
    const padding = (p.w.shape[2] - 1) / 2;
    return maxPool(relu(convolution(p, x, { padding })), 2);
  }, images);
  return mlp(params.head, reshape(features, [images.shape[0], -1]), "relu");
}
