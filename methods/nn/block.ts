// Pre-norm transformer blocks: self-attention, optional cross-attention, and a GELU perceptron.

import { add, gelu, mul, type NdArray, reshape, type Tensor } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import {
  attentionRows,
  type CrossAttentionParams,
  initCrossAttention,
  initSelfAttention,
  type SelfAttentionParams,
  selfAttentionRows,
} from "./attention.ts";
import {
  asMatrix,
  initLayerNorm,
  initLinear,
  layerNorm,
  type LayerNormParams,
  linear,
  type LinearParams,
} from "./layers.ts";

/** Two linear maps with an exact (erf) GELU between. */
export type MlpParams<L = Tensor> = { up: LinearParams<L>; down: LinearParams<L> };

/** A self-attention block. */
export type BlockParams<L = Tensor> = {
  norm1: LayerNormParams<L>;
  attention: SelfAttentionParams<L>;
  norm2: LayerNormParams<L>;
  mlp: MlpParams<L>;
};

/** A self-attention block with cross-attention between its self-attention and its perceptron. */
export type CrossBlockParams<L = Tensor> = BlockParams<L> & {
  normCross: LayerNormParams<L>;
  cross: CrossAttentionParams<L>;
};

/** Inverted-dropout masks of a block's residual branches, each [batch, n, width]. */
export type BlockDropout<L = Tensor> = { attention: L; mlp: L };

/** Those of a block with cross-attention. */
export type CrossBlockDropout<L = Tensor> = BlockDropout<L> & { cross: L };

/** Initial parameters from the stream's children "attention" and "mlp". */
export function initBlock(stream: Stream, width: number, mlpRatio = 4): BlockParams<NdArray> {
  return {
    norm1: initLayerNorm(width),
    attention: initSelfAttention(stream.child("attention"), width),
    norm2: initLayerNorm(width),
    mlp: {
      up: initLinear(stream.child("mlp", "up"), width, mlpRatio * width),
      down: initLinear(stream.child("mlp", "down"), mlpRatio * width, width),
    },
  };
}

/** As {@link initBlock}, with "cross"; `context` is the width of what is attended to. */
export function initCrossBlock(
  stream: Stream,
  width: number,
  mlpRatio = 4,
  context = width,
): CrossBlockParams<NdArray> {
  return {
    ...initBlock(stream, width, mlpRatio),
    normCross: initLayerNorm(width),
    cross: initCrossAttention(stream.child("cross"), width, context),
  };
}

const dropped = (x: Tensor, mask?: Tensor) => mask ? mul(x, asMatrix(mask)) : x;

/** linear → GELU (erf) → linear; x [..., width]. */
export function mlp(p: MlpParams, x: Tensor): Tensor {
  return linear(p.down, gelu(linear(p.up, x), "erf"));
}

/** x + attention(norm(x)), then x + mlp(norm(x)); x [batch, n, width]. */
export function block(
  p: BlockParams,
  x: Tensor,
  options: { heads: number; mask?: Tensor; dropout?: BlockDropout },
): Tensor {
  const { dropout } = options, rows = asMatrix(x);
  const mixed = selfAttentionRows(p.attention, layerNorm(p.norm1, rows), x.shape[0], options);
  const h = add(rows, dropped(mixed, dropout?.attention));
  return reshape(add(h, dropped(mlp(p.mlp, layerNorm(p.norm2, h)), dropout?.mlp)), x.shape);
}

/** As {@link block}, with cross-attention to `context` [batch, m, contextWidth] in the middle. */
export function crossBlock(
  p: CrossBlockParams,
  x: Tensor,
  context: Tensor,
  options: { heads: number; mask?: Tensor; dropout?: CrossBlockDropout },
): Tensor {
  const { heads, dropout } = options, rows = asMatrix(x), [batch] = x.shape;
  const mixed = selfAttentionRows(p.attention, layerNorm(p.norm1, rows), batch, options);
  const h = add(rows, dropped(mixed, dropout?.attention));
  const seen = attentionRows(
    p.cross,
    { rows: layerNorm(p.normCross, h), batch },
    { rows: asMatrix(context), batch },
    { heads },
  );
  const g = add(h, dropped(seen, dropout?.cross));
  return reshape(add(g, dropped(mlp(p.mlp, layerNorm(p.norm2, g)), dropout?.mlp)), x.shape);
}
