// CoCa-mini: the contrastive captioner of Yu et al. (arXiv 2205.01917) in small, as pure functions.
//
// An image encoder, a unimodal text decoder (no cross-attention) and a multimodal decoder on top of
// it that attends to pooled image tokens; see coca_config.ts for sizes and initial parameters, and
// coca_losses.ts for the two losses.

import {
  add,
  broadcastTo,
  cast,
  concat,
  constant,
  equal,
  mul,
  ndarray,
  reshape,
  split,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import { attention, causalMask, HIDDEN } from "./attention.ts";
import { block, type BlockDropout, crossBlock, type CrossBlockDropout } from "./block.ts";
import type { CocaConfig, CocaParams } from "./coca_config.ts";
import { embedding, layerNorm, linear, project, unitLength } from "./layers.ts";

/** Token id of padding. */
export const PAD = 0;

/** Inverted-dropout masks of every residual branch; image [B, patches, d], text [B, T+1, d], multimodal [B, T, d]. */
export type CocaDropout<L = Tensor> = {
  image: BlockDropout<L>[];
  text: BlockDropout<L>[];
  multimodal: CrossBlockDropout<L>[];
};

/** What {@link cocaForward} returns; B = batch, P = patches, T = text length, d = width. */
export type CocaOutputs = {
  /** Output of each image block, [B, P, d]. */
  imageHidden: Tensor[];
  /** Output of each text block, [B, T+1, d]; the last position is CLS. */
  textHidden: Tensor[];
  /** Output of each multimodal block, [B, T, d]. */
  multimodalHidden: Tensor[];
  /** Unit vectors, [B, embed]. */
  imageEmbedding: Tensor;
  /** Unit vectors, [B, embed]. */
  textEmbedding: Tensor;
  /** Normalised output of the last multimodal block, [B, T, d]: what `logits` is made from. */
  decoded: Tensor;
  /** Next-token scores, [B, T, vocab]. */
  logits: Tensor;
  /** Learned log of the inverse temperature, scalar, before clamping. */
  logitScale: Tensor;
};

/** Images [B, channels, size, size] → patches [B, P, channels·patch²], row by row; as `unfold`. */
function patches(config: CocaConfig, images: Tensor): Tensor {
  const { channels, image, patch } = config;
  const batch = images.shape[0], side = image / patch;
  const cut = reshape(images, [batch, channels, side, patch, side, patch]);
  return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [
    batch,
    side * side,
    channels * patch * patch,
  ]);
}

/** Image encoder and attention pooler. */
export function encodeImage(
  config: CocaConfig,
  p: CocaParams["image"],
  images: Tensor,
  dropout?: BlockDropout[],
): { hidden: Tensor[]; embedding: Tensor; context: Tensor } {
  const { heads, imageQueries } = config;
  let x = add(linear(p.patch, patches(config, images)), p.position);
  const hidden = p.blocks.map((b, i) => x = block(b, x, { heads, dropout: dropout?.[i] }));
  const queries = reshape(p.pooler.queries, [1, ...p.pooler.queries.shape]);
  const pooled = attention(p.pooler.attention, queries, layerNorm(p.norm, x), { heads });
  const [first, context] = split(layerNorm(p.pooler.norm, pooled), [1, imageQueries], 1);
  const flat = reshape(first, [first.shape[0], first.shape[2]]);
  return { hidden, embedding: unitLength(project(p.project, flat)), context };
}

/** Causal among tokens; CLS, at the end, sees itself and every token that is not padding. */
function textMask(tokens: Tensor): Tensor {
  const [batch, length] = tokens.shape;
  const padding = mul(cast(equal(tokens, PAD), "float32"), HIDDEN);
  const keys = concat([padding, constant(ndarray(new Float32Array(batch), [batch, 1]))], 1);
  const isCls = new Float32Array(length + 1);
  isCls[length] = 1;
  const rows = mul(
    reshape(keys, [batch, 1, 1, length + 1]),
    constant(ndarray(isCls, [length + 1, 1])),
  );
  return add(rows, constant(causalMask(length + 1)));
}

/** Unimodal text decoder: tokens int32 [B, T] → CLS embedding and normalised token states [B, T, d]. */
export function encodeText(
  config: CocaConfig,
  p: CocaParams["text"],
  tokens: Tensor,
  dropout?: BlockDropout[],
): { hidden: Tensor[]; embedding: Tensor; states: Tensor } {
  const { heads, width, textLength } = config;
  const batch = tokens.shape[0];
  const words = add(embedding(p.embedding, tokens), p.position);
  let x = concat([words, broadcastTo(p.cls, [batch, 1, width])], 1);
  const mask = textMask(tokens);
  const hidden = p.blocks.map((b, i) => x = block(b, x, { heads, mask, dropout: dropout?.[i] }));
  const [states, cls] = split(layerNorm(p.norm, x), [textLength, 1], 1);
  return {
    hidden,
    embedding: unitLength(project(p.project, reshape(cls, [batch, width]))),
    states,
  };
}

/** Multimodal decoder: text states [B, T, d] and image context [B, Q, d] → normalised states [B, T, d]. */
export function decode(
  config: CocaConfig,
  p: CocaParams["multimodal"],
  states: Tensor,
  context: Tensor,
  dropout?: CrossBlockDropout[],
): { hidden: Tensor[]; decoded: Tensor } {
  const { heads, textLength } = config;
  const mask = constant(causalMask(textLength));
  let x = states;
  const hidden = p.blocks.map((b, i) =>
    x = crossBlock(b, x, context, { heads, mask, dropout: dropout?.[i] })
  );
  return { hidden, decoded: layerNorm(p.norm, x) };
}

/**
 * The whole model.
 *
 * @param images float32 [B, channels, image, image] in [−1, 1].
 * @param tokens int32 [B, textLength], padded with 0.
 * @param options.dropoutMasks made by `cocaDropout` on the host; none means no dropout.
 */
export function cocaForward(
  config: CocaConfig,
  params: CocaParams,
  images: Tensor,
  tokens: Tensor,
  { dropoutMasks }: { dropoutMasks?: CocaDropout } = {},
): CocaOutputs {
  const image = encodeImage(config, params.image, images, dropoutMasks?.image);
  const text = encodeText(config, params.text, tokens, dropoutMasks?.text);
  const { hidden, decoded } = decode(
    config,
    params.multimodal,
    text.states,
    image.context,
    dropoutMasks?.multimodal,
  );
  return {
    imageHidden: image.hidden,
    textHidden: text.hidden,
    multimodalHidden: hidden,
    imageEmbedding: image.embedding,
    textEmbedding: text.embedding,
    decoded,
    logits: project(params.multimodal.logits, decoded),
    logitScale: params.logitScale,
  };
}
