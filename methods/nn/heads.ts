// What all kinds of attention share: rows cut into heads, and weighted means of values put together again.

import {
  add,
  matmul,
  mul,
  reshape,
  softmax,
  split,
  squeeze,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import { TensorError } from "../tensor/mod.ts";
import { requireSizes } from "./checks.ts";
import type { AttentionOptions } from "./attention.ts";

/**
 * `parts` tensors [batch, heads, n, width/heads] out of rows [batch·n, parts·width].
 *
 * @throws TensorError `argument` unless `heads` is a whole number that divides the width.
 */
export function toHeads(rows: Tensor, batch: number, parts: number, heads: number): Tensor[] {
  const [count, total] = rows.shape;
  requireSizes("attention", { heads });
  const n = count / batch, size = total / parts / heads;
  if (!Number.isInteger(size)) {
    throw new TensorError(
      "argument",
      `attention: a width of ${total / parts} cannot be cut into ${heads} heads`,
    );
  }
  if (parts === 1) return [transpose(reshape(rows, [batch, n, heads, size]), [0, 2, 1, 3])];
  const apart = transpose(reshape(rows, [batch, n, parts, heads, size]), [2, 0, 3, 1, 4]);
  return split(apart, new Array(parts).fill(1), 0).map((part) => squeeze(part, [0]));
}

/**
 * softmax(scale · q kᵀ + mask) v with heads put side by side again: [batch·queries, width].
 *
 * @param options.scale @default 1/√size
 */
export function attend(
  [q, k, v]: readonly Tensor[],
  { mask, weightsDropout, scale }: Omit<AttentionOptions, "heads"> & { scale?: number },
): Tensor {
  const size = q.shape[3];
  const scores = mul(matmul(q, transpose(k, [0, 1, 3, 2])), scale ?? 1 / Math.sqrt(size));
  const weights = softmax(mask ? add(scores, mask) : scores, -1);
  const mixed = matmul(weightsDropout ? mul(weights, weightsDropout) : weights, v);
  const [batch, heads, queries] = mixed.shape;
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch * queries, heads * size]);
}
