// BERT-form encoder (Devlin et al., arXiv 1810.04805): token, position and type embeddings, post-norm blocks.

import {
  add,
  cast,
  div,
  expandDims,
  maximum,
  mul,
  type NdArray,
  reshape,
  slice,
  sum,
  tanh,
  type Tensor,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import {
  requireHeads,
  requireIds,
  requireMasks,
  requireOptions,
  requirePositions,
  requireSizes,
} from "./checks.ts";
import { paddingMask } from "./attention.ts";
import {
  type Activation,
  block,
  initSeparateBlock,
  type ModelDropout,
  type SeparateBlockParams,
} from "./block.ts";
import { dropout as drop } from "./dropout.ts";
import {
  embedding,
  initLayerNorm,
  initLinear,
  initWeights,
  layerNorm,
  type LayerNormParams,
  type Linear,
  linear,
  type LinearParams,
  unitLength,
} from "./layers.ts";

/** Sizes and choices of a BERT-form encoder. */
export interface BertConfig {
  vocab: number;
  /** d; a multiple of `heads`. */
  width: number;
  layers: number;
  heads: number;
  /** Hidden width of the perceptrons. */
  hidden: number;
  /** Longest sequence. */
  positions: number;
  /** Segment ids are 0 … types − 1. */
  types: number;
  /** Of layer normalisation. @default 1e-12 */
  epsilon?: number;
  /** @default "gelu" */
  activation?: Activation;
}

/**
 * Parameters: a plain tree of leaves L whose linear maps are of type M, so that each can be replaced
 * (see `mapLinears`). `pooler` is there only if the model has one.
 */
export type BertParams<L = Tensor, M = LinearParams<L>> = {
  embeddings: { token: L; position: L; type: L; norm: LayerNormParams<L> };
  blocks: SeparateBlockParams<L, M>[];
  pooler?: M;
};

/** A batch of sequences. */
export type BertInputs<L = Tensor> = {
  /** Token ids, integers [batch, n]. */
  ids: L;
  /** 1 for tokens, 0 for padding, [batch, n] of any type; none means no padding. */
  mask?: L;
  /** Segment ids, integers [batch, n]; none means all 0. */
  types?: L;
};

/** What {@link bert} returns. */
export type BertOutputs = {
  /** Embeddings, then the output of each block; each [batch, n, d]. */
  hidden: Tensor[];
  /** Output of the last block, [batch, n, d]. */
  last: Tensor;
  /** tanh of a linear map of the first token's state, [batch, d], if the model has a pooler. */
  pooled?: Tensor;
};

/**
 * Initial parameters: weights and embeddings truncated normal (0.02), biases zero, norms one; each
 * from the stream's child named by its place in the tree.
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initBert(
  stream: Stream,
  config: BertConfig,
  { pooler = false }: { pooler?: boolean } = {},
): BertParams<NdArray> {
  requireOptions("initBert", config, "{ vocab, width, layers, heads, hidden, positions, types }");
  const { vocab, width, layers, hidden, positions, types } = config;
  requireSizes("initBert", { vocab, hidden, positions, types });
  requireSizes("initBert", { layers }, 0);
  requireHeads("initBert", config);
  const table = (name: string, rows: number) =>
    initWeights(stream.child("embeddings", name), [rows, width]);
  return {
    embeddings: {
      token: table("token", vocab),
      position: table("position", positions),
      type: table("type", types),
      norm: initLayerNorm(width),
    },
    blocks: Array.from(
      { length: layers },
      (_, i) => initSeparateBlock(stream.child("blocks", i), width, hidden),
    ),
    ...(pooler ? { pooler: initLinear(stream.child("pooler"), width, width) } : {}),
  };
}

/**
 * The encoder.
 *
 * @throws TensorError `shape` for ids without a batch axis, or longer than the table of positions.
 *
 * @example
 * ```ts
 * import { compile, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { bert, type BertInputs, type BertParams, initBert, sentenceEmbedding } from "./mod.ts";
 *
 * const config = { vocab: 100, width: 16, layers: 2, heads: 2, hidden: 32, positions: 8, types: 2 };
 * const params = initBert(stream(7, "encoder"), config);
 * const inputs = { ids: zeros([4, 8], "int32"), mask: zeros([4, 8], "int32") };
 * const program = compile(
 *   (p: BertParams, { ids, mask }: Required<Pick<BertInputs, "ids" | "mask">>) =>
 *     sentenceEmbedding(bert(config, p, { ids, mask }).last, mask),
 *   [params, inputs],
 * );
 * console.log(program.outputs[0].shape); // [4, 16]
 * ```
 */
export function bert(
  config: BertConfig,
  params: BertParams<Tensor, Linear>,
  { ids, mask, types }: BertInputs,
  { dropout }: { dropout?: ModelDropout } = {},
): BertOutputs {
  requireHeads("bert", config);
  requireIds("bert", ids);
  requireMasks("bert", dropout);
  const { heads, epsilon = 1e-12, activation } = config;
  const [batch, length] = ids.shape;
  const { token, position, type, norm } = params.embeddings;
  const [positions, width] = position.shape;
  requirePositions("bert", length, positions);
  const places = slice(position, [0, 0], [length, width]);
  const kinds = types ? embedding(type, types) : slice(type, [0, 0], [1, width]);
  const summed = add(add(embedding(token, ids), kinds), places);
  let x = drop(layerNorm(norm, summed, epsilon), dropout?.embeddings);
  const hidden = [x];
  const options = {
    heads,
    epsilon,
    activation,
    norm: "post" as const,
    mask: mask && paddingMask(mask, x.dtype),
  };
  params.blocks.forEach((p, i) =>
    hidden.push(x = block(p, x, { ...options, dropout: dropout?.blocks[i] }))
  );
  if (!params.pooler) return { hidden, last: x };
  const first = reshape(slice(x, [0, 0, 0], [batch, 1, width]), [batch, width]);
  return { hidden, last: x, pooled: tanh(linear(params.pooler, first)) };
}

/**
 * Mean of the states of real tokens, [batch, d].
 *
 * @param states [batch, n, d].
 * @param mask [batch, n]: 1 for tokens, 0 for padding.
 */
export function meanPool(states: Tensor, mask: Tensor): Tensor {
  const kept = expandDims(cast(mask, states.dtype), 2);
  return div(
    sum(mul(states, kept), 1),
    maximum(sum(kept, 1), states.dtype === "float16" ? 2 ** -14 : 1e-9),
  );
}

/** Unit vectors [batch, d]: {@link meanPool} scaled to length one, as sentence encoders are used. */
export function sentenceEmbedding(states: Tensor, mask: Tensor): Tensor {
  return unitLength(meanPool(states, mask));
}
