// A small decoder-only language model (GPT form): pre-norm causal blocks, tied output weights.

import {
  add,
  constant,
  crossEntropy,
  type NdArray,
  reshape,
  slice,
  type Tensor,
  transpose,
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
import { causalMask } from "./attention.ts";
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
  initWeights,
  layerNorm,
  type LayerNormParams,
  type Linear,
  type LinearParams,
  project,
} from "./layers.ts";

/** Sizes and choices of a decoder language model. */
export interface DecoderConfig {
  vocab: number;
  /** d; a multiple of `heads`. */
  width: number;
  layers: number;
  heads: number;
  /** Hidden width of the perceptrons. */
  hidden: number;
  /** Longest sequence. */
  positions: number;
  /** Of layer normalisation. @default 1e-5 */
  epsilon?: number;
  /** @default "gelu" */
  activation?: Activation;
}

/** Parameters, with linear maps of type M; `token` also makes the scores. */
export type DecoderParams<L = Tensor, M = LinearParams<L>> = {
  token: L;
  position: L;
  blocks: SeparateBlockParams<L, M>[];
  norm: LayerNormParams<L>;
};

/**
 * Initial parameters, each from the stream's child named by its place in the tree.
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initDecoder(stream: Stream, config: DecoderConfig): DecoderParams<NdArray> {
  requireOptions("initDecoder", config, "{ vocab, width, layers, heads, hidden, positions }");
  const { vocab, width, layers, hidden, positions } = config;
  requireSizes("initDecoder", { vocab, hidden, positions });
  requireSizes("initDecoder", { layers }, 0);
  requireHeads("initDecoder", config);
  return {
    token: initWeights(stream.child("token"), [vocab, width]),
    position: initWeights(stream.child("position"), [positions, width]),
    blocks: Array.from(
      { length: layers },
      (_, i) => initSeparateBlock(stream.child("blocks", i), width, hidden),
    ),
    norm: initLayerNorm(width),
  };
}

/**
 * Scores of the next token at every position, [batch, n, vocab]; position i sees tokens 0 … i.
 *
 * @param ids integers [batch, n].
 * @throws TensorError `shape` for ids without a batch axis, or longer than the table of positions.
 *
 * @example
 * ```ts
 * import { compile, type Tensor, valueAndGrad, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { decoder, type DecoderParams, initDecoder, nextTokenLoss } from "./mod.ts";
 *
 * const config = { vocab: 50, width: 16, layers: 2, heads: 2, hidden: 64, positions: 32 };
 * const params = initDecoder(stream(7, "lm"), config);
 * const loss = (p: DecoderParams, ids: Tensor) => nextTokenLoss(decoder(config, p, ids), ids);
 * const program = compile(valueAndGrad(loss), [params, zeros([4, 32], "int32")]);
 * ```
 */
export function decoder(
  config: DecoderConfig,
  params: DecoderParams<Tensor, Linear>,
  ids: Tensor,
  { dropout }: { dropout?: ModelDropout } = {},
): Tensor {
  requireIds("decoder", ids);
  requireMasks("decoder", dropout);
  const { heads, epsilon, activation } = config, length = ids.shape[1];
  const { token, position } = params, [positions, width] = position.shape;
  requirePositions("decoder", length, positions);
  const summed = add(embedding(token, ids), slice(position, [0, 0], [length, width]));
  const mask = constant(causalMask(length, token.dtype));
  const options = { heads, epsilon, activation, mask };
  const states = params.blocks.reduce(
    (x, p, i) => block(p, x, { ...options, dropout: dropout?.blocks[i] }),
    drop(summed, dropout?.embeddings),
  );
  return project(transpose(token, [1, 0]), layerNorm(params.norm, states, epsilon));
}

/**
 * Mean cross-entropy of tokens 1 … n − 1 given those before them; scalar.
 *
 * @param scores [batch, n, vocab], as {@link decoder} gives.
 * @param ids integers [batch, n].
 * @param mask [batch, n], 1 where a token is to be predicted, 0 for padding; its first column is not read.
 */
export function nextTokenLoss(scores: Tensor, ids: Tensor, mask?: Tensor): Tensor {
  const [batch, length, vocab] = scores.shape;
  const before = slice(scores, [0, 0, 0], [batch, length - 1, vocab]);
  const after = (x: Tensor) => reshape(slice(x, [0, 1], [batch, length]), [batch * (length - 1)]);
  return crossEntropy(reshape(before, [-1, vocab]), after(ids), { mask: mask && after(mask) });
}
