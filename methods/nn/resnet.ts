// Residual networks for small images (He et al., arXiv 1512.03385, section 4.2): basic blocks of two
// 3×3 convolutions with batch normalisation.

import {
  add,
  globalAveragePool,
  type NdArray,
  relu,
  type Tensor,
  TensorError,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { requireList, requireOptions, requireSizes } from "./checks.ts";
import { convolution, type ConvParams, initConv } from "./convolution.ts";
import { initZeros, type Linear, linear, type LinearParams } from "./layers.ts";
import { glorot } from "./initializers.ts";
import {
  batchNorm,
  type BatchNormLayerOptions,
  type BatchNormStats,
  type ChannelNormParams,
  initBatchNormStats,
  initChannelNorm,
} from "./norms.ts";

/** A convolution without bias and its normalisation. */
export type ConvNormParams<L = Tensor> = { conv: ConvParams<L>; norm: ChannelNormParams<L> };

/** A basic block; `shortcut` is there where the shape changes. */
export type BasicBlockParams<L = Tensor> = {
  first: ConvNormParams<L>;
  second: ConvNormParams<L>;
  shortcut?: ConvNormParams<L>;
};

/** Running statistics of a basic block. */
export type BasicBlockStats<L = Tensor> = {
  first: BatchNormStats<L>;
  second: BatchNormStats<L>;
  shortcut?: BatchNormStats<L>;
};

/** Sizes of a residual network. */
export interface ResnetConfig {
  /** Of the images. */
  channels: number;
  /** Channels of each stage; from the second on, a stage halves the image. */
  widths: readonly number[];
  /** Basic blocks of each stage. */
  blocks: number;
  classes: number;
}

/** Parameters of a residual network. */
export type ResnetParams<L = Tensor, M = LinearParams<L>> = {
  stem: ConvNormParams<L>;
  stages: BasicBlockParams<L>[][];
  head: M;
};

/** Its running statistics, which training carries beside the parameters. */
export type ResnetStats<L = Tensor> = { stem: BatchNormStats<L>; stages: BasicBlockStats<L>[][] };

function initConvNorm(
  stream: Stream,
  inputs: number,
  outputs: number,
  window: number,
): ConvNormParams<NdArray> {
  return {
    conv: initConv(stream, { inputs, outputs, window, bias: false }),
    norm: initChannelNorm(outputs),
  };
}

/** Initial parameters of a basic block, from the stream's children "first", "second" and "shortcut". */
export function initBasicBlock(
  stream: Stream,
  inputs: number,
  outputs: number,
  stride = 1,
): BasicBlockParams<NdArray> {
  const part = (name: string, from: number, window: number) =>
    initConvNorm(stream.child(name), from, outputs, window);
  return {
    first: part("first", inputs, 3),
    second: part("second", outputs, 3),
    ...(stride !== 1 || inputs !== outputs ? { shortcut: part("shortcut", inputs, 1) } : {}),
  };
}

/** Statistics of a block before training. */
export function initBasicBlockStats(
  params: BasicBlockParams<NdArray>,
): BasicBlockStats<NdArray> {
  const of = ({ norm }: ConvNormParams<NdArray>) => initBatchNormStats(norm.scale.shape[0]);
  return {
    first: of(params.first),
    second: of(params.second),
    ...(params.shortcut ? { shortcut: of(params.shortcut) } : {}),
  };
}

/**
 * relu(norm(conv(relu(norm(conv(x))))) + shortcut(x)), as torchvision's `BasicBlock`.
 *
 * @param x [batch, in, height, width].
 * @returns [batch, out, height/stride, width/stride] and the running statistics after this batch.
 */
export function basicBlock(
  p: BasicBlockParams,
  stats: BasicBlockStats,
  x: Tensor,
  options: BatchNormLayerOptions & { stride?: number },
): [Tensor, BasicBlockStats] {
  const { stride = 1 } = options;
  const wide = { padding: 1 };
  const [inner, first] = batchNorm(
    p.first.norm,
    stats.first,
    convolution(p.first.conv, x, { ...wide, stride }),
    options,
  );
  const [out, second] = batchNorm(
    p.second.norm,
    stats.second,
    convolution(p.second.conv, relu(inner), wide),
    options,
  );
  if (!p.shortcut || !stats.shortcut) return [relu(add(out, x)), { first, second }];
  const [straight, shortcut] = batchNorm(
    p.shortcut.norm,
    stats.shortcut,
    convolution(p.shortcut.conv, x, { stride }),
    options,
  );
  return [relu(add(out, straight)), { first, second, shortcut }];
}

const strideOf = (stage: number, block: number) => stage > 0 && block === 0 ? 2 : 1;

/**
 * Initial parameters and statistics, from the stream's children "stem", "stages" and "head".
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initResnet(
  stream: Stream,
  config: ResnetConfig,
): { params: ResnetParams<NdArray>; stats: ResnetStats<NdArray> } {
  requireOptions("initResnet", config, "{ channels, widths, blocks, classes }");
  const { channels, widths, blocks, classes } = config;
  requireSizes("initResnet", { channels, blocks, classes });
  requireList("initResnet", "widths", widths);
  if (widths.length === 0) {
    throw new TensorError("argument", "initResnet: widths must name at least one stage");
  }
  const stem = initConvNorm(stream.child("stem"), channels, widths[0], 3);
  const stages = widths.map((width, i) =>
    Array.from({ length: blocks }, (_, j) => {
      const inputs = j > 0 ? width : widths[Math.max(0, i - 1)];
      return initBasicBlock(stream.child("stages", i, j), inputs, width, strideOf(i, j));
    })
  );
  const last = widths[widths.length - 1];
  const head = {
    w: glorot(stream.child("head", "w"), [last, classes]),
    b: initZeros([classes]),
  };
  return {
    params: { stem, stages, head },
    stats: {
      stem: initBatchNormStats(widths[0]),
      stages: stages.map((stage) => stage.map(initBasicBlockStats)),
    },
  };
}

/**
 * Scores of the classes [batch, classes], and the running statistics after this batch.
 *
 * @param images [batch, channels, height, width].
 *
 * @example
 * ```ts
 * import { compile, crossEntropy, type Tensor, valueAndGrad, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { initResnet, resnet, type ResnetParams, type ResnetStats } from "./mod.ts";
 *
 * const config = { channels: 3, widths: [8, 16], blocks: 1, classes: 10 };
 * const { params, stats } = initResnet(stream(7, "resnet"), config);
 * const step = (p: ResnetParams, s: ResnetStats, images: Tensor, labels: Tensor) => {
 *   const loss = (p: ResnetParams) => {
 *     const [scores, after] = resnet(p, s, images, { training: true });
 *     return [crossEntropy(scores, labels), after] as const;
 *   };
 *   const [[value, after], gradients] = valueAndGrad(loss, { hasAux: true })(p);
 *   return { value, gradients, stats: after };
 * };
 * const program = compile(step, [params, stats, zeros([4, 3, 16, 16]), zeros([4], "int32")]);
 * ```
 */
export function resnet(
  params: ResnetParams<Tensor, Linear>,
  stats: ResnetStats,
  images: Tensor,
  options: BatchNormLayerOptions,
): [Tensor, ResnetStats] {
  const { conv, norm } = params.stem;
  const [begin, stem] = batchNorm(
    norm,
    stats.stem,
    convolution(conv, images, { padding: 1 }),
    options,
  );
  let x = relu(begin);
  const stages = params.stages.map((stage, i) =>
    stage.map((p, j) => {
      const [y, after] = basicBlock(p, stats.stages[i][j], x, {
        ...options,
        stride: strideOf(i, j),
      });
      x = y;
      return after;
    })
  );
  return [linear(params.head, globalAveragePool(x)), { stem, stages }];
}
