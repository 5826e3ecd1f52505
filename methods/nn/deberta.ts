// DeBERTa encoder of version 2 and 3 (He et al., arXiv 2006.03654 and 2111.09543).

import {
  add,
  cast,
  expandDims,
  mul,
  type NdArray,
  reshape,
  take,
  type Tensor,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { requireHeads, requireIds, requireMasks, requireOptions, requireSizes } from "./checks.ts";
import { paddingMask } from "./attention.ts";
import {
  type Activation,
  initSeparateBlock,
  mlp,
  type ModelDropout,
  type SeparateBlockParams,
} from "./block.ts";
import {
  asIndices,
  type Disentangled,
  disentangledAttentionRows,
  relativeRows,
} from "./disentangled.ts";
import { dropout as drop } from "./dropout.ts";
import {
  asMatrix,
  embedding,
  initLayerNorm,
  initWeights,
  layerNorm,
  type LayerNormParams,
  type Linear,
  type LinearParams,
} from "./layers.ts";

/** Sizes and choices of a DeBERTa encoder. */
export interface DebertaConfig extends Disentangled {
  vocab: number;
  /** d; a multiple of `heads`. */
  width: number;
  layers: number;
  heads: number;
  /** Hidden width of the perceptrons. */
  hidden: number;
  /** Longest sequence that distances are made for; longer ones are taken, their far ends as one. */
  positions: number;
  /** Buckets of distances in each direction; 0: each distance by itself. 256 in version 3. */
  buckets: number;
  /** Of layer normalisation. @default 1e-7 */
  epsilon?: number;
  /** @default "gelu" */
  activation?: Activation;
}

/**
 * Parameters: a plain tree of leaves L whose linear maps are of type M, as {@link BertParams} is. Tokens
 * have no absolute positions and no types.
 */
export type DebertaParams<L = Tensor, M = LinearParams<L>> = {
  embeddings: { token: L; norm: LayerNormParams<L> };
  /** Embeddings of distances [2·span, d], which all blocks share, and their normalisation if there is one. */
  relative: { table: L; norm?: LayerNormParams<L> };
  blocks: SeparateBlockParams<L, M>[];
};

/** A batch of sequences. */
export type DebertaInputs<L = Tensor> = {
  /** Token ids, integers [batch, n]. */
  ids: L;
  /** 1 for tokens, 0 for padding, [batch, n] of any type; none means no padding. */
  mask?: L;
};

/** What {@link deberta} returns. States of padding mean nothing. */
export type DebertaOutputs = {
  /** Embeddings, then the output of each block; each [batch, n, d]. */
  hidden: Tensor[];
  /** Output of the last block, [batch, n, d]. */
  last: Tensor;
};

/** Rows of one direction in the table of distances. */
export const spanOf = ({ buckets, positions }: Pick<DebertaConfig, "buckets" | "positions">) =>
  buckets > 0 ? buckets : positions;

/**
 * Initial parameters: weights and embeddings truncated normal (0.02), biases zero, norms one; each
 * from the stream's child named by its place in the tree.
 *
 * @throws TensorError `argument` naming a size that is missing or wrong.
 */
export function initDeberta(stream: Stream, config: DebertaConfig): DebertaParams<NdArray> {
  requireOptions(
    "initDeberta",
    config,
    "{ vocab, width, layers, heads, hidden, positions, buckets }",
  );
  const { vocab, width, layers, hidden, positions, buckets } = config;
  requireSizes("initDeberta", { vocab, hidden, positions });
  requireSizes("initDeberta", { layers, buckets }, 0);
  requireHeads("initDeberta", config);
  return {
    embeddings: {
      token: initWeights(stream.child("embeddings", "token"), [vocab, width]),
      norm: initLayerNorm(width),
    },
    relative: {
      table: initWeights(stream.child("relative", "table"), [2 * spanOf(config), width]),
      norm: initLayerNorm(width),
    },
    blocks: Array.from(
      { length: layers },
      (_, i) => initSeparateBlock(stream.child("blocks", i), width, hidden),
    ),
  };
}

/**
 * The encoder.
 *
 * @example
 * ```ts
 * import { compile, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { deberta, type DebertaParams, initDeberta } from "./mod.ts";
 * import type { Tensor } from "../tensor/mod.ts";
 *
 * const sizes = { vocab: 100, width: 16, layers: 2, heads: 2, hidden: 32, positions: 64, buckets: 8 };
 * const config = { ...sizes, c2p: true, p2c: true };
 * const params = initDeberta(stream(7, "encoder"), config);
 * const program = compile(
 *   (p: DebertaParams, ids: Tensor, mask: Tensor) => deberta(config, p, { ids, mask }).last,
 *   [params, zeros([4, 24], "int32"), zeros([4, 24], "int32")],
 * );
 * console.log(program.outputs[0].shape); // [4, 24, 16]
 * ```
 */
export function deberta(
  config: DebertaConfig,
  params: DebertaParams<Tensor, Linear>,
  { ids, mask }: DebertaInputs,
  { dropout }: { dropout?: ModelDropout } = {},
): DebertaOutputs {
  requireHeads("deberta", config);
  requireIds("deberta", ids);
  requireMasks("deberta", dropout);
  const { heads, epsilon = 1e-7, activation, c2p, p2c } = config;
  const { token, norm } = params.embeddings;
  const normal = layerNorm(norm, embedding(token, ids), epsilon);
  // Padding has the embedding 0, as in the published model.
  const shown = mask ? mul(normal, expandDims(cast(mask, normal.dtype), 2)) : normal;
  let x = drop(shown, dropout?.embeddings);
  const hidden = [x];

  const length = ids.shape[1];
  const { rows, places } = relativeRows(length, { ...config, span: spanOf(config) });
  const chosen = take(params.relative.table, asIndices(rows));
  const relative = {
    table: params.relative.norm ? layerNorm(params.relative.norm, chosen, epsilon) : chosen,
    places,
  };
  const hiding = mask && paddingMask(mask, x.dtype);
  params.blocks.forEach((p, i) => {
    const masks = dropout?.blocks[i], shape = x.shape;
    const dropped = (y: Tensor, kept?: Tensor) => kept ? mul(y, asMatrix(kept)) : y;
    const flat = asMatrix(x);
    const attended = disentangledAttentionRows(p.attention, flat, relative, {
      heads,
      mask: hiding,
      weightsDropout: masks?.weights,
      c2p,
      p2c,
    });
    const between = layerNorm(p.norm1, add(flat, dropped(attended, masks?.attention)), epsilon);
    const up = dropped(mlp(p.mlp, between, activation), masks?.mlp);
    hidden.push(x = reshape(layerNorm(p.norm2, add(between, up), epsilon), shape));
  });
  return { hidden, last: x };
}
