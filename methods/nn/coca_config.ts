// CoCa-mini's sizes, its parameter tree, its initial parameters and its dropout masks.

import { type NdArray, type Tensor, TensorError } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { type CrossAttentionParams, initCrossAttention } from "./attention.ts";
import {
  type BlockDropout,
  type BlockParams,
  type CrossBlockDropout,
  type CrossBlockParams,
  initBlock,
  initCrossBlock,
} from "./block.ts";
import { requireHeads, requireOptions, requireSizes } from "./checks.ts";
import {
  initLayerNorm,
  initLinear,
  initWeights,
  type LayerNormParams,
  type LinearParams,
} from "./layers.ts";
import type { CocaDropout } from "./coca.ts";
import { dropoutMasks } from "./dropout.ts";

/** Sizes of a CoCa-mini. */
export interface CocaConfig {
  /** Side of the square image, in pixels; a multiple of `patch`. */
  image: number;
  channels: number;
  /** Side of a patch, in pixels. */
  patch: number;
  /** d, the width of every block; a multiple of `heads`. */
  width: number;
  heads: number;
  imageLayers: number;
  textLayers: number;
  multimodalLayers: number;
  /** Learned queries of the pooler whose outputs the decoder attends to. */
  imageQueries: number;
  /** Token ids are 0 … vocab − 1; 0 is padding. */
  vocab: number;
  /** T, tokens in a caption with its begin and end marks. */
  textLength: number;
  /** Length of the contrastive embeddings. */
  embed: number;
  /** Hidden width of the perceptrons, in units of `width`. */
  mlpRatio: number;
}

/** What the sizes default to; layers and width are the paper's or the preset's to choose. */
export const COCA_DEFAULTS = {
  image: 32,
  channels: 3,
  patch: 8,
  heads: 4,
  imageQueries: 8,
  mlpRatio: 4,
} as const;

/** Parameters of a CoCa-mini. */
export type CocaParams<L = Tensor> = {
  image: {
    patch: LinearParams<L>;
    position: L;
    blocks: BlockParams<L>[];
    norm: LayerNormParams<L>;
    pooler: { queries: L; attention: CrossAttentionParams<L>; norm: LayerNormParams<L> };
    project: L;
  };
  text: {
    embedding: L;
    position: L;
    cls: L;
    blocks: BlockParams<L>[];
    norm: LayerNormParams<L>;
    project: L;
  };
  multimodal: { blocks: CrossBlockParams<L>[]; norm: LayerNormParams<L>; logits: L };
  logitScale: L;
};

/** Number of patches of an image. */
export function patchCount({ image, patch }: Pick<CocaConfig, "image" | "patch">): number {
  return (image / patch) ** 2;
}

/** ln(1/0.07), the initial log of the inverse temperature, as in CLIP and CoCa. */
export const INITIAL_LOGIT_SCALE = Math.log(1 / 0.07);

function check(config: CocaConfig): void {
  requireOptions("initCoca", config, "{ ...COCA_DEFAULTS, width, imageLayers, … }");
  const { image, channels, patch, imageQueries, vocab, textLength, embed } = config;
  requireSizes("initCoca", { image, channels, patch, imageQueries, vocab, textLength, embed });
  const { imageLayers, textLayers, multimodalLayers } = config;
  requireSizes("initCoca", { imageLayers, textLayers, multimodalLayers }, 0);
  requireHeads("initCoca", config);
  if (image % patch === 0) return;
  throw new TensorError(
    "argument",
    `initCoca: image side ${image} is not a multiple of patch ${patch}`,
  );
}

/**
 * Initial parameters: weights, positions and queries truncated normal (0.02), biases zero, norms
 * one; each array from the stream's child named by its place in the tree.
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initCoca(stream: Stream, config: CocaConfig): CocaParams<NdArray> {
  check(config);
  const { width, mlpRatio, embed } = config;
  const patchSize = config.channels * config.patch ** 2;
  const weights = (shape: number[], ...names: string[]) =>
    initWeights(stream.child(...names), shape);
  const many = <T>(count: number, make: (i: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i));
  return {
    image: {
      patch: initLinear(stream.child("image", "patch"), patchSize, width),
      position: weights([patchCount(config), width], "image", "position"),
      blocks: many(
        config.imageLayers,
        (i) => initBlock(stream.child("image", "blocks", i), width, mlpRatio),
      ),
      norm: initLayerNorm(width),
      pooler: {
        queries: weights([1 + config.imageQueries, width], "image", "pooler", "queries"),
        attention: initCrossAttention(stream.child("image", "pooler", "attention"), width),
        norm: initLayerNorm(width),
      },
      project: weights([width, embed], "image", "project"),
    },
    text: {
      embedding: weights([config.vocab, width], "text", "embedding"),
      position: weights([config.textLength, width], "text", "position"),
      cls: weights([width], "text", "cls"),
      blocks: many(
        config.textLayers,
        (i) => initBlock(stream.child("text", "blocks", i), width, mlpRatio),
      ),
      norm: initLayerNorm(width),
      project: weights([width, embed], "text", "project"),
    },
    multimodal: {
      blocks: many(
        config.multimodalLayers,
        (i) => initCrossBlock(stream.child("multimodal", "blocks", i), width, mlpRatio),
      ),
      norm: initLayerNorm(width),
      logits: weights([width, config.vocab], "multimodal", "logits"),
    },
    logitScale: {
      dtype: "float32",
      shape: [],
      data: new Float32Array([INITIAL_LOGIT_SCALE]),
    },
  };
}

/** Which dropout masks to make. */
export interface CocaDropoutOptions {
  batch: number;
  /** Probability of dropping, in [0, 1). */
  rate: number;
  /** Number of the first step. @default 0 */
  first?: number;
  /** Steps in a row. */
  steps: number;
}

/**
 * Dropout masks of `steps` batches, with a leading axis of steps as `scan` wants. Each comes from
 * the stream's child named by its step and its place in the tree, so that a run may be cut into
 * programs of any length.
 */
export function cocaDropout(
  stream: Stream,
  config: CocaConfig,
  { batch, rate, first = 0, steps }: CocaDropoutOptions,
): CocaDropout<NdArray> {
  const shape = (length: number) => [batch, length, config.width];
  const blocks = (count: number, length: number): BlockDropout<number[]>[] =>
    Array.from({ length: count }, () => ({ attention: shape(length), mlp: shape(length) }));
  const { imageLayers, textLayers, multimodalLayers, textLength } = config;
  const shapes: CocaDropout<number[]> = {
    image: blocks(imageLayers, patchCount(config)),
    text: blocks(textLayers, textLength + 1),
    multimodal: blocks(multimodalLayers, textLength).map(
      (masks): CrossBlockDropout<number[]> => ({ ...masks, cross: shape(textLength) }),
    ),
  };
  return dropoutMasks(stream, shapes, { rate, first, steps });
}
