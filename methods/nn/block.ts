// Transformer blocks, pre-norm or post-norm: self-attention, optional cross-attention, a perceptron.

import {
  add,
  gelu,
  mul,
  type NdArray,
  relu,
  reshape,
  silu,
  tanh,
  type Tensor,
  TensorError,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { describe } from "../tensor/types.ts";
import {
  type AnyCrossAttention,
  type AnySelfAttention,
  attentionRows,
  type CrossAttentionParams,
  initCrossAttention,
  initSelfAttention,
  initSeparateAttention,
  type SelfAttentionParams,
  selfAttentionRows,
  type SeparateAttentionParams,
} from "./attention.ts";
import {
  requireMasks,
  requireOneOf,
  requireOptions,
  requireSequence,
  requireSizes,
} from "./checks.ts";
import {
  asMatrix,
  initLayerNorm,
  initLinear,
  LAYER_NORM_EPSILON,
  layerNorm,
  type LayerNormParams,
  type Linear,
  linear,
  type LinearParams,
} from "./layers.ts";

/** Two linear maps with an activation between. */
export type MlpParams<L = Tensor, M = LinearParams<L>> = { up: M; down: M };

/** A self-attention block whose queries, keys and values are one product. */
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

/** A self-attention block with all its linear maps apart, of type M. */
export type SeparateBlockParams<L = Tensor, M = LinearParams<L>> = {
  norm1: LayerNormParams<L>;
  attention: SeparateAttentionParams<L, M>;
  norm2: LayerNormParams<L>;
  mlp: MlpParams<L, M>;
};

/** The same with cross-attention. */
export type SeparateCrossBlockParams<L = Tensor, M = LinearParams<L>> =
  & SeparateBlockParams<L, M>
  & { normCross: LayerNormParams<L>; cross: SeparateAttentionParams<L, M> };

/** What {@link block} takes: fused or separate maps, or functions in their place. */
export type AnyBlock = {
  norm1: LayerNormParams;
  attention: AnySelfAttention;
  norm2: LayerNormParams;
  mlp: MlpParams<Tensor, Linear>;
};

/** What {@link crossBlock} takes. */
export type AnyCrossBlock = AnyBlock & { normCross: LayerNormParams; cross: AnyCrossAttention };

/**
 * Inverted-dropout masks of a block's residual branches, each [batch, n, width], and of its
 * attention weights [batch, heads, n, n].
 */
export type BlockDropout<L = Tensor> = { attention: L; mlp: L; weights?: L };

/** Those of a block with cross-attention. */
export type CrossBlockDropout<L = Tensor> = BlockDropout<L> & { cross: L };

/**
 * Shapes of the masks that a block takes, for `dropoutMasks`.
 *
 * @param weights also drop attention weights, as PyTorch's and BERT's blocks do. @default false
 */
export function blockDropoutShapes(
  { batch, length, width, heads }: {
    batch: number;
    length: number;
    width: number;
    heads: number;
  },
  { weights = false }: { weights?: boolean } = {},
): BlockDropout<number[]> {
  const branch = [batch, length, width];
  return {
    attention: branch,
    mlp: branch,
    ...(weights ? { weights: [batch, heads, length, length] } : {}),
  };
}

/** Inverted-dropout masks of a model: of its embeddings [batch, n, width], and of each block. */
export type ModelDropout<L = Tensor> = { embeddings: L; blocks: BlockDropout<L>[] };

/**
 * Shapes of the masks of a batch, for `dropoutMasks`: those of every place where BERT drops.
 *
 * @param length n, tokens in a sequence.
 */
export function modelDropoutShapes(
  { width, heads, layers }: { width: number; heads: number; layers: number },
  batch: number,
  length: number,
): ModelDropout<number[]> {
  const sizes = { batch, length, width, heads };
  return {
    embeddings: [batch, length, width],
    blocks: Array.from({ length: layers }, () => blockDropoutShapes(sizes, { weights: true })),
  };
}

/** What lies between the two maps of a perceptron; `gelu` is the exact one, by erf. */
export type Activation = "gelu" | "geluTanh" | "relu" | "silu" | "tanh";

const activations: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  gelu: (x) => gelu(x, "erf"),
  geluTanh: (x) => gelu(x, "tanh"),
  relu: (x) => relu(x),
  silu: (x) => silu(x),
  tanh: (x) => tanh(x),
};

/** What blocks need beside their parameters. */
export interface BlockOptions<D = BlockDropout> {
  /** Number of heads; divides the width. */
  heads: number;
  /** Additive mask of the self-attention's scores; see `AttentionOptions`. */
  mask?: Tensor;
  dropout?: D;
  /**
   * Where layer normalisation stands: `pre` x + f(norm(x)), `post` norm(x + f(x)) as in the first
   * transformer and BERT. @default "pre"
   */
  norm?: "pre" | "post";
  /** Of layer normalisation. @default 1e-5 */
  epsilon?: number;
  /** @default "gelu" */
  activation?: Activation;
}

/** What blocks with cross-attention need. */
export interface CrossBlockOptions extends BlockOptions<CrossBlockDropout> {
  /** Additive mask of the cross-attention's scores, e.g. a `paddingMask` of the context. */
  contextMask?: Tensor;
}

/** Initial parameters from the stream's children "up" and "down". */
export function initMlp(stream: Stream, width: number, hidden: number): MlpParams<NdArray> {
  requireSizes("initMlp", { width, hidden });
  return {
    up: initLinear(stream.child("up"), width, hidden),
    down: initLinear(stream.child("down"), hidden, width),
  };
}

/** Initial parameters from the stream's children "attention" and "mlp". */
export function initBlock(stream: Stream, width: number, mlpRatio = 4): BlockParams<NdArray> {
  return {
    norm1: initLayerNorm(width),
    attention: initSelfAttention(stream.child("attention"), width),
    norm2: initLayerNorm(width),
    mlp: initMlp(stream.child("mlp"), width, mlpRatio * width),
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

/** Initial parameters from the stream's children "attention" and "mlp"; all maps apart. */
export function initSeparateBlock(
  stream: Stream,
  width: number,
  hidden = 4 * width,
): SeparateBlockParams<NdArray> {
  return {
    norm1: initLayerNorm(width),
    attention: initSeparateAttention(stream.child("attention"), width),
    norm2: initLayerNorm(width),
    mlp: initMlp(stream.child("mlp"), width, hidden),
  };
}

/** As {@link initSeparateBlock}, with "cross"; `context` is the width of what is attended to. */
export function initSeparateCrossBlock(
  stream: Stream,
  width: number,
  hidden = 4 * width,
  context = width,
): SeparateCrossBlockParams<NdArray> {
  return {
    ...initSeparateBlock(stream, width, hidden),
    normCross: initLayerNorm(width),
    cross: initSeparateAttention(stream.child("cross"), width, context),
  };
}

const dropped = (x: Tensor, mask?: Tensor) => mask ? mul(x, asMatrix(mask)) : x;

/**
 * linear → activation → linear; x [..., width].
 *
 * @throws TensorError `argument` for an unknown activation.
 */
export function mlp(
  p: MlpParams<Tensor, Linear>,
  x: Tensor,
  activation: Activation = "gelu",
): Tensor {
  requireOneOf("mlp", "activation", activation, Object.keys(activations));
  return linear(p.down, activations[activation](linear(p.up, x)));
}

/** A residual branch with its normalisation before or after it. */
function residual(
  x: Tensor,
  normal: LayerNormParams,
  { norm = "pre", epsilon = LAYER_NORM_EPSILON }: Pick<BlockOptions, "norm" | "epsilon">,
  branch: (x: Tensor) => Tensor,
): Tensor {
  requireOneOf("block", "norm", norm, ["pre", "post"]);
  return norm === "pre"
    ? add(x, branch(layerNorm(normal, x, epsilon)))
    : layerNorm(normal, add(x, branch(x)), epsilon);
}

function attentionBranch(p: AnyBlock, rows: Tensor, batch: number, options: BlockOptions): Tensor {
  const { heads, mask, dropout } = options;
  const attend = { heads, mask, weightsDropout: dropout?.weights };
  return residual(
    rows,
    p.norm1,
    options,
    (y) => dropped(selfAttentionRows(p.attention, y, batch, attend), dropout?.attention),
  );
}

function mlpBranch(p: AnyBlock, rows: Tensor, options: BlockOptions): Tensor {
  const { activation, dropout } = options;
  return residual(
    rows,
    p.norm2,
    options,
    (y) => dropped(mlp(p.mlp, y, activation), dropout?.mlp),
  );
}

/**
 * x + attention(norm(x)), then x + mlp(norm(x)), or both in post-norm form; x [batch, n, width].
 *
 * @throws TensorError `shape` for x without a batch axis; `argument` unless `heads` divides the width,
 *   and for an unknown activation or place of the norms.
 *
 * @example
 * ```ts
 * import { add, compile, constant, type Tensor, zeros } from "../tensor/mod.ts";
 * import { stream } from "../tensor/random.ts";
 * import { block, causalMask, initSeparateBlock, paddingMask, type SeparateBlockParams } from "./mod.ts";
 *
 * // Post-norm; a position sees what is before it and no padding.
 * const decode = (p: SeparateBlockParams, x: Tensor, present: Tensor) => {
 *   const mask = add(constant(causalMask(10)), paddingMask(present));
 *   return block(p, x, { heads: 4, mask, norm: "post", activation: "relu" });
 * };
 * const params = initSeparateBlock(stream(7, "block"), 32, 64);
 * const program = compile(decode, [params, zeros([8, 10, 32]), zeros([8, 10], "int32")]);
 * console.log(program.outputs[0].shape); // [8, 10, 32]
 * ```
 */
export function block(p: AnyBlock, x: Tensor, options: BlockOptions): Tensor {
  requireOptions("block", options, "{ heads }");
  requireSequence("block", "x", x);
  requireMasks("block", options.dropout);
  const h = attentionBranch(p, asMatrix(x), x.shape[0], options);
  return reshape(mlpBranch(p, h, options), x.shape);
}

/**
 * As {@link block}, with cross-attention to `context` [batch, m, contextWidth] in the middle.
 *
 * @throws TensorError as {@link block}, and `shape` for a context of another batch.
 */
export function crossBlock(
  p: AnyCrossBlock,
  x: Tensor,
  context: Tensor,
  options: CrossBlockOptions,
): Tensor {
  requireOptions("crossBlock", options, "{ heads }");
  requireSequence("crossBlock", "x", x);
  requireMasks("crossBlock", options.dropout);
  requireSequence("crossBlock", "context", context);
  if (x.shape[0] !== context.shape[0]) {
    throw new TensorError(
      "shape",
      `crossBlock: x ${describe(x)} and context ${describe(context)} must be of one batch; ` +
        "repeat the smaller one with broadcastTo()",
    );
  }
  const [batch] = x.shape, seen = { rows: asMatrix(context), batch };
  const attend = { heads: options.heads, mask: options.contextMask };
  const h = attentionBranch(p, asMatrix(x), batch, options);
  const g = residual(
    h,
    p.normCross,
    options,
    (y) =>
      dropped(attentionRows(p.cross, { rows: y, batch }, seen, attend), options.dropout?.cross),
  );
  return reshape(mlpBranch(p, g, options), x.shape);
}
