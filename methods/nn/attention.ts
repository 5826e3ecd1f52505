// Multi-head attention, of a sequence to itself or to another: projections fused or one by one.

import {
  add,
  cast,
  type DType,
  fromNumbers,
  matmul,
  mul,
  type NdArray,
  reshape,
  softmax,
  split,
  squeeze,
  sub,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
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
  return {
    query: initLinear(stream.child("query"), width, width),
    key: initLinear(stream.child("key"), context, width),
    value: initLinear(stream.child("value"), context, width),
    out: initLinear(stream.child("out"), width, width),
  };
}

/** `parts` tensors [batch, heads, n, width/heads] out of rows [batch·n, parts·width]. */
function toHeads(rows: Tensor, batch: number, parts: number, heads: number): Tensor[] {
  const [count, total] = rows.shape;
  const n = count / batch, size = total / parts / heads;
  if (!Number.isInteger(size)) {
    throw new RangeError(`a width of ${total / parts} cannot be cut into ${heads} heads`);
  }
  if (parts === 1) return [transpose(reshape(rows, [batch, n, heads, size]), [0, 2, 1, 3])];
  const apart = transpose(reshape(rows, [batch, n, parts, heads, size]), [2, 0, 3, 1, 4]);
  return split(apart, new Array(parts).fill(1), 0).map((part) => squeeze(part, [0]));
}

/** softmax(q kᵀ / √size + mask) v with heads put side by side again: [batch·queries, width]. */
function attend(
  [q, k, v]: readonly Tensor[],
  { mask, weightsDropout }: AttentionOptions,
): Tensor {
  const size = q.shape[3];
  const scores = mul(matmul(q, transpose(k, [0, 1, 3, 2])), 1 / Math.sqrt(size));
  const weights = softmax(mask ? add(scores, mask) : scores, -1);
  const mixed = matmul(weightsDropout ? mul(weights, weightsDropout) : weights, v);
  const [batch, heads, queries] = mixed.shape;
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch * queries, heads * size]);
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

/** Self-attention of x [batch, n, width]. */
export function selfAttention(
  p: AnySelfAttention,
  x: Tensor,
  options: AttentionOptions,
): Tensor {
  return reshape(selfAttentionRows(p, asMatrix(x), x.shape[0], options), x.shape);
}

/**
 * Cross-attention of `queries` [batch or 1, n, width] to `context` [batch, m, contextWidth] →
 * [batch, n, width].
 */
export function attention(
  p: AnyCrossAttention,
  queries: Tensor,
  context: Tensor,
  options: AttentionOptions,
): Tensor {
  const [batch, n] = [context.shape[0], queries.shape[1]];
  const rows = attentionRows(
    p,
    { rows: asMatrix(queries), batch: queries.shape[0] },
    { rows: asMatrix(context), batch },
    options,
  );
  return reshape(rows, [batch, n, -1]);
}
