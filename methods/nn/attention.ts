// Multi-head attention, of a sequence to itself or to another: projections fused or one by one.

import {
  cast,
  type DType,
  fromNumbers,
  mul,
  type NdArray,
  reshape,
  sub,
  type Tensor,
  TensorError,
} from "../tensor/mod.ts";
import { describe } from "../tensor/types.ts";
import type { Stream } from "../tensor/random.ts";
import { requireOptions, requireSequence, requireSizes } from "./checks.ts";
import { attend, toHeads } from "./heads.ts";
import { asMatrix, initLinear, type Linear, linear, type LinearParams } from "./layers.ts";

/** Queries, keys and values side by side in `qkv` [width, 3·width]; `out` [width, width]. */
export type SelfAttentionParams<L = Tensor> = { qkv: LinearParams<L>; out: LinearParams<L> };

/** `query` [width, width]; keys and values side by side in `keyValue` [context, 2·width]. */
export type CrossAttentionParams<L = Tensor> = {
  query: LinearParams<L>;
  keyValue: LinearParams<L>;
  out: LinearParams<L>;
};

/**
 * Four maps, each by itself, as BERT-form checkpoints keep them; they serve self-attention and
 * cross-attention, and each can be replaced by an adapter. `key` and `value` take the context's width.
 */
export type SeparateAttentionParams<L = Tensor, M = LinearParams<L>> = {
  query: M;
  key: M;
  value: M;
  out: M;
};

/** What {@link selfAttention} takes. */
export type AnySelfAttention = SelfAttentionParams | SeparateAttentionParams<Tensor, Linear>;

/** What {@link attention} takes. */
export type AnyCrossAttention = CrossAttentionParams | SeparateAttentionParams<Tensor, Linear>;

/** What attention needs beside its parameters. */
export interface AttentionOptions {
  /** Number of heads; divides the width. */
  heads: number;
  /** Added to the scores [batch, heads, queries, keys], by broadcasting: 0 keeps, −1e9 hides. */
  mask?: Tensor;
  /** Inverted-dropout mask of the attention weights, [batch, heads, queries, keys]. */
  weightsDropout?: Tensor;
}

/** Score of a hidden position: far below any score, yet finite so that no NaN can arise. */
export const HIDDEN = -1e9;

/** The same within the range of a dtype, twice over: a score may be hidden by two masks. */
const hiddenScore = (dtype: DType) => dtype === "float16" ? -3e4 : HIDDEN;

/** An additive causal mask [n, n] for the host: query i sees keys 0 … i. */
export function causalMask(n: number, dtype: DType = "float32"): NdArray {
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) data.fill(hiddenScore(dtype), i * n + i + 1, (i + 1) * n);
  return fromNumbers(data, [n, n], dtype);
}

/**
 * An additive mask [batch, 1, 1, keys] that hides padding from every query of every head.
 *
 * @param present [batch, keys] of any type: 1 (or true) for real positions, 0 for padding.
 * @param dtype that of the scores.
 */
export function paddingMask(present: Tensor, dtype: DType = "float32"): Tensor {
  const [batch, keys] = present.shape;
  const hidden = mul(sub(1, cast(present, dtype)), hiddenScore(dtype));
  return reshape(hidden, [batch, 1, 1, keys]);
}

/** Initial parameters from the stream's children "qkv" and "out". */
export function initSelfAttention(stream: Stream, width: number): SelfAttentionParams<NdArray> {
  requireSizes("initSelfAttention", { width });
  return {
    qkv: initLinear(stream.child("qkv"), width, 3 * width),
    out: initLinear(stream.child("out"), width, width),
  };
}

/** Initial parameters; `context` is the width of what is attended to. */
export function initCrossAttention(
  stream: Stream,
  width: number,
  context = width,
): CrossAttentionParams<NdArray> {
  requireSizes("initCrossAttention", { width, context });
  return {
    query: initLinear(stream.child("query"), width, width),
    keyValue: initLinear(stream.child("keyValue"), context, 2 * width),
    out: initLinear(stream.child("out"), width, width),
  };
}

/** Initial parameters from the stream's children "query", "key", "value" and "out". */
export function initSeparateAttention(
  stream: Stream,
  width: number,
  context = width,
): SeparateAttentionParams<NdArray> {
  requireSizes("initSeparateAttention", { width, context });
  return {
    query: initLinear(stream.child("query"), width, width),
    key: initLinear(stream.child("key"), context, width),
    value: initLinear(stream.child("value"), context, width),
    out: initLinear(stream.child("out"), width, width),
  };
}

/** As {@link selfAttention}, of and to rows [batch·n, width], which spares reshaping around products. */
export function selfAttentionRows(
  p: AnySelfAttention,
  rows: Tensor,
  batch: number,
  options: AttentionOptions,
): Tensor {
  if (!("qkv" in p)) return attentionRows(p, { rows, batch }, { rows, batch }, options);
  return linear(p.out, attend(toHeads(linear(p.qkv, rows), batch, 3, options.heads), options));
}

/** As {@link attention}, of and to rows; `batch` of queries and of context may differ if one is 1. */
export function attentionRows(
  p: AnyCrossAttention,
  queries: { rows: Tensor; batch: number },
  context: { rows: Tensor; batch: number },
  options: AttentionOptions,
): Tensor {
  const { heads } = options;
  const [q] = toHeads(linear(p.query, queries.rows), queries.batch, 1, heads);
  const [k, v] = "keyValue" in p
    ? toHeads(linear(p.keyValue, context.rows), context.batch, 2, heads)
    : [p.key, p.value].flatMap((map) =>
      toHeads(linear(map, context.rows), context.batch, 1, heads)
    );
  return linear(p.out, attend([q, k, v], options));
}

/**
 * Self-attention of x [batch, n, width].
 *
 * @throws TensorError `shape` for x without a batch axis; `argument` unless `heads` divides the width.
 */
export function selfAttention(
  p: AnySelfAttention,
  x: Tensor,
  options: AttentionOptions,
): Tensor {
  requireOptions("selfAttention", options, "{ heads }");
  requireSequence("selfAttention", "x", x);
  return reshape(selfAttentionRows(p, asMatrix(x), x.shape[0], options), x.shape);
}

/**
 * Cross-attention of `queries` [batch or 1, n, width] to `context` [batch or 1, m, contextWidth] →
 * [batch, n, width].
 *
 * @throws TensorError `shape` for sequences without a batch axis or of batches that do not fit;
 *   `argument` unless `heads` divides the width.
 */
export function attention(
  p: AnyCrossAttention,
  queries: Tensor,
  context: Tensor,
  options: AttentionOptions,
): Tensor {
  requireOptions("attention", options, "{ heads }");
  requireSequence("attention", "queries", queries);
  requireSequence("attention", "context", context);
  const [many, n] = queries.shape, [batch] = context.shape;
  if (many !== batch && many !== 1 && batch !== 1) {
    throw new TensorError(
      "shape",
      `attention: queries ${describe(queries)} and context ${describe(context)} are of batches ` +
        `${many} and ${batch}; they must be the same, or one of them 1`,
    );
  }
  const rows = attentionRows(
    p,
    { rows: asMatrix(queries), batch: queries.shape[0] },
    { rows: asMatrix(context), batch },
    options,
  );
  return reshape(rows, [Math.max(many, batch), n, -1]);
}
