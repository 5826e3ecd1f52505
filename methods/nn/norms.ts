// Root-mean-square and batch normalisation; layer normalisation is in layers.ts.

import {
  add,
  mean,
  mul,
  type NdArray,
  ones,
  reshape,
  rsqrt,
  square,
  stopGradient,
  sub,
  type Tensor,
  zeros,
} from "../tensor/mod.ts";

/** Scale [width]. */
export type RmsNormParams<L = Tensor> = { scale: L };

/** Scale and bias, each [channels]. */
export type BatchNormParams<L = Tensor> = { scale: L; bias: L };

/** Running mean and variance, each [channels]; no parameters, since no gradient reaches them. */
export type BatchNormStats<L = Tensor> = { mean: L; variance: L };

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Normalise by the batch and move the running statistics, or by them. */
  training: boolean;
  /** Weight of the batch in the new running statistics. @default 0.1 */
  momentum?: number;
  /** Added to the variance. @default 1e-5 */
  epsilon?: number;
}

/** Ones. */
export function initRmsNorm(width: number): RmsNormParams<NdArray> {
  return { scale: ones([width]) };
}

/**
 * x / √(mean(x²) + ε) · scale along the last axis (Zhang and Sennrich, arXiv 1910.07467).
 *
 * @param x [..., width].
 */
export function rmsNorm(p: RmsNormParams, x: Tensor, epsilon = 1e-6): Tensor {
  const inverse = rsqrt(add(mean(square(x), -1, { keepDims: true }), epsilon));
  return mul(mul(x, inverse), p.scale);
}

/** Ones and zeros. */
export function initBatchNorm(channels: number): BatchNormParams<NdArray> {
  return { scale: ones([channels]), bias: zeros([channels]) };
}

/** Mean zero and variance one. */
export function initBatchNormStats(channels: number): BatchNormStats<NdArray> {
  return { mean: zeros([channels]), variance: ones([channels]) };
}

/**
 * Batch normalisation over all axes but the second (Ioffe and Szegedy, arXiv 1502.03167), as
 * `torch.nn.BatchNorm1d` and `2d`: the batch's variance has divisor n where it normalises and n − 1
 * where it moves the running one.
 *
 * @param x [batch, channels] or [batch, channels, ...].
 * @returns the result, and the running statistics after this batch (unchanged when not training).
 */
export function batchNorm(
  p: BatchNormParams,
  stats: BatchNormStats,
  x: Tensor,
  { training, momentum = 0.1, epsilon = 1e-5 }: BatchNormOptions,
): [Tensor, BatchNormStats] {
  const channels = x.shape[1];
  const axes = x.shape.flatMap((_, i) => i === 1 ? [] : [i]);
  const across = (t: Tensor) => reshape(t, x.shape.map((_, i) => i === 1 ? channels : 1));
  const normalise = (centred: Tensor, variance: Tensor) =>
    add(mul(centred, mul(rsqrt(add(variance, epsilon)), across(p.scale))), across(p.bias));
  if (!training) return [normalise(sub(x, across(stats.mean)), across(stats.variance)), stats];
  const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
  if (count < 2) {
    throw new RangeError(
      `batchNorm: a batch of shape [${
        x.shape.join(", ")
      }] has one value in each channel; two are needed to train`,
    );
  }
  const center = mean(x, axes, { keepDims: true });
  const centred = sub(x, center);
  const variance = mean(square(centred), axes, { keepDims: true });
  const moved = (old: Tensor, now: Tensor, factor: number) =>
    add(mul(old, 1 - momentum), mul(reshape(stopGradient(now), [channels]), momentum * factor));
  return [normalise(centred, variance), {
    mean: moved(stats.mean, center, 1),
    variance: moved(stats.variance, variance, count / (count - 1)),
  }];
}
