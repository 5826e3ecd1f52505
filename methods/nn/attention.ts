// Multi-head attention: self-attention with one fused projection, and cross-attention.

import {
  add,
  matmul,
  mul,
  type NdArray,
  reshape,
  softmax,
  split,
  squeeze,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { asMatrix, initLinear, linear, type LinearParams } from "./layers.ts";

/** Queries, keys and values side by side in `qkv` [width, 3·width]; `out` [width, width]. */
export type SelfAttentionParams<L = Tensor> = { qkv: LinearParams<L>; out: LinearParams<L> };

/** `query` [width, width]; keys and values side by side in `keyValue` [context, 2·width]. */
export type CrossAttentionParams<L = Tensor> = {
  query: LinearParams<L>;
  keyValue: LinearParams<L>;
  out: LinearParams<L>;
};

/** What attention needs beside its parameters. */
export interface AttentionOptions {
  /** Number of heads; divides the width. */
  heads: number;
  /** Added to the scores [batch, heads, queries, keys], by broadcasting: 0 keeps, −1e9 hides. */
  mask?: Tensor;
}

/** Score of a hidden position: far below any score, yet finite so that no NaN can arise. */
export const HIDDEN = -1e9;

/** An additive causal mask [n, n] for the host: query i sees keys 0 … i. */
export function causalMask(n: number): NdArray {
  const data = new Float32Array(n * n);
  for (let i = 0; i < n; i++) data.fill(HIDDEN, i * n + i + 1, (i + 1) * n);
  return { dtype: "float32", shape: [n, n], data };
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
function attend(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  const size = q.shape[3];
  const scores = mul(matmul(q, transpose(k, [0, 1, 3, 2])), 1 / Math.sqrt(size));
  const mixed = matmul(softmax(mask ? add(scores, mask) : scores, -1), v);
  const [batch, heads, queries] = mixed.shape;
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch * queries, heads * size]);
}

/** As {@link selfAttention}, of and to rows [batch·n, width], which spares reshaping around products. */
export function selfAttentionRows(
  p: SelfAttentionParams,
  rows: Tensor,
  batch: number,
  { heads, mask }: AttentionOptions,
): Tensor {
  const [q, k, v] = toHeads(linear(p.qkv, rows), batch, 3, heads);
  return linear(p.out, attend(q, k, v, mask));
}

/** As {@link attention}, of and to rows; `batch` of queries and of context may differ if one is 1. */
export function attentionRows(
  p: CrossAttentionParams,
  queries: { rows: Tensor; batch: number },
  context: { rows: Tensor; batch: number },
  { heads, mask }: AttentionOptions,
): Tensor {
  const [q] = toHeads(linear(p.query, queries.rows), queries.batch, 1, heads);
  const [k, v] = toHeads(linear(p.keyValue, context.rows), context.batch, 2, heads);
  return linear(p.out, attend(q, k, v, mask));
}

/** Self-attention of x [batch, n, width]. */
export function selfAttention(
  p: SelfAttentionParams,
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
  p: CrossAttentionParams,
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
