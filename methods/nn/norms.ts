// Root-mean-square, group and batch normalisation with their parameters; for layers see layers.ts.

import {
  batchNorm as normaliseByRunning,
  batchNormTraining,
  groupNorm as normaliseGroups,
  type NdArray,
  ones,
  rmsNorm as normaliseRms,
  type Tensor,
  TensorError,
  zeros,
} from "../tensor/mod.ts";
import { shown } from "../tensor/tree.ts";
import { requireSizes } from "./checks.ts";

/** Scale [width]. */
export type RmsNormParams<L = Tensor> = { scale: L };

/** Scale and bias, each [channels]. */
export type ChannelNormParams<L = Tensor> = { scale: L; bias: L };

/** Running mean and variance, each [channels]; no parameters, since no gradient reaches them. */
export type BatchNormStats<L = Tensor> = { mean: L; variance: L };

/** Options of {@link batchNorm}. */
export interface BatchNormLayerOptions {
  /** Normalise by the batch and move the running statistics, or by them. */
  training: boolean;
  /** Weight of the batch in the new running statistics. @default 0.1 */
  momentum?: number;
  /** Added to the variance. @default 1e-5 */
  epsilon?: number;
}

/** Ones. */
export function initRmsNorm(width: number): RmsNormParams<NdArray> {
  requireSizes("initRmsNorm", { width });
  return { scale: ones([width]) };
}

/**
 * x / √(mean(x²) + ε) · scale along the last axis (Zhang and Sennrich, arXiv 1910.07467).
 *
 * @param x [..., width].
 */
export function rmsNorm(p: RmsNormParams, x: Tensor, epsilon = 1e-6): Tensor {
  return normaliseRms(x, p.scale, epsilon);
}

/** Ones and zeros, for {@link batchNorm} and {@link groupNorm}. */
export function initChannelNorm(channels: number): ChannelNormParams<NdArray> {
  requireSizes("initChannelNorm", { channels });
  return { scale: ones([channels]), bias: zeros([channels]) };
}

/** Mean zero and variance one. */
export function initBatchNormStats(channels: number): BatchNormStats<NdArray> {
  requireSizes("initBatchNormStats", { channels });
  return { mean: zeros([channels]), variance: ones([channels]) };
}

/**
 * Batch normalisation over all axes but the second (Ioffe and Szegedy, arXiv 1502.03167), as
 * `torch.nn.BatchNorm1d` and `2d`: the batch's variance has divisor n where it normalises and n − 1
 * where it moves the running one.
 *
 * @param x [batch, channels] or [batch, channels, ...].
 * @returns the result, and the running statistics after this batch (unchanged when not training).
 * @throws TensorError `argument` unless the options say whether it is training.
 */
export function batchNorm(
  p: ChannelNormParams,
  stats: BatchNormStats,
  x: Tensor,
  options: BatchNormLayerOptions,
): [Tensor, BatchNormStats] {
  // Without this, a forgotten option would mean evaluation.
  if (typeof options?.training !== "boolean") {
    throw new TensorError(
      "argument",
      `batchNorm: training is ${shown(options?.training)}; give { training: true } or false`,
    );
  }
  const { training, momentum, epsilon } = options;
  if (!training) return [normaliseByRunning(x, p.scale, p.bias, stats, { epsilon }), stats];
  const [y, { mean, variance }] = batchNormTraining(x, p.scale, p.bias, stats, {
    momentum,
    epsilon,
  });
  return [y, { mean, variance }];
}

/** Group normalisation of channels [batch, channels, ...] (Wu and He, arXiv 1803.08494). */
export function groupNorm(
  p: ChannelNormParams,
  groups: number,
  x: Tensor,
  epsilon = 1e-5,
): Tensor {
  return normaliseGroups(x, groups, p.scale, p.bias, epsilon);
}
