// Disentangled attention (He et al., arXiv 2006.03654, equations 2 to 4): scores by content and by distance.

import {
  add,
  fromNumbers,
  matmul,
  mul,
  type NdArray,
  reshape,
  slice,
  take,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import { attend, toHeads } from "./heads.ts";
import type { AttentionOptions, SeparateAttentionParams } from "./attention.ts";
import { type Linear, linear } from "./layers.ts";

/** Which rows of the table of relative positions a sequence needs. */
export interface RelativeRows {
  /** Distinct rows, ascending. */
  readonly rows: readonly number[];
  /** Place in `rows` of each distance i − j from −(n − 1) to n − 1. */
  readonly places: readonly number[];
}

/**
 * The bucket of a distance: itself up to half of the buckets, logarithmic from there to the longest
 * sequence, so that far distances share buckets (DeBERTa version 2).
 *
 * @param distance i − j, of a query and a key.
 * @param buckets of each direction.
 * @param positions longest sequence that the model was trained with.
 */
export function logBucket(distance: number, buckets: number, positions: number): number {
  const middle = Math.floor(buckets / 2), size = Math.abs(distance);
  if (size <= middle) return distance;
  const share = Math.log(size / middle) / Math.log((positions - 1) / middle);
  return Math.sign(distance) * (Math.ceil(share * (middle - 1)) + middle);
}

/**
 * Rows of the table [2·span, d] for sequences of n tokens: bucket + span, kept within the table.
 *
 * @param buckets 0: distances are their own buckets.
 */
export function relativeRows(
  n: number,
  { span, buckets, positions }: { span: number; buckets: number; positions: number },
): RelativeRows {
  const all = Array.from({ length: 2 * n - 1 }, (_, i) => {
    const distance = i - (n - 1);
    const bucket = buckets > 0 ? logBucket(distance, buckets, positions) : distance;
    return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
  });
  const rows = [...new Set(all)];
  return { rows, places: all.map((row) => rows.indexOf(row)) };
}

/**
 * y[…, i, j] = x[…, i, j − i + n − 1] of x [batch, heads, n, 2n − 1]: scores by distance, as scores by
 * place. Rows that are one element shorter shift by one from row to row, so that no index is gathered.
 */
function byPlace(x: Tensor): Tensor {
  const [batch, heads, n, distances] = x.shape;
  if (n === 1) return x;
  const line = reshape(x, [batch, heads, n * distances]);
  const start = n - 1, length = n * (distances - 1);
  const shifted = reshape(
    slice(line, [0, 0, start], [batch, heads, start + length]),
    [batch, heads, n, distances - 1],
  );
  return slice(shifted, [0, 0, 0, 0], [batch, heads, n, n]);
}

/** Which distances add to the scores. */
export interface Disentangled {
  /** Content of the query to the distance of the key. */
  c2p: boolean;
  /** Content of the key to the distance of the query. */
  p2c: boolean;
}

/**
 * Self-attention of rows [batch·n, width] whose scores are (q kᵀ + c2p + p2c)/√(s·size), s their number.
 * Keys and queries of distances come from the same maps as those of tokens (share_att_key), so that an
 * adapter beside such a map has part in both.
 *
 * @param relative embeddings of the distinct rows of {@link relativeRows}, [rows, width].
 */
export function disentangledAttentionRows(
  p: SeparateAttentionParams<Tensor, Linear>,
  rows: Tensor,
  relative: { table: Tensor; places: readonly number[] },
  { heads, mask, weightsDropout, c2p, p2c }: AttentionOptions & Disentangled,
): Tensor {
  const { table, places } = relative, n = (places.length + 1) / 2;
  const batch = rows.shape[0] / n;
  const [q, k, v] = [p.query, p.key, p.value].flatMap((map) =>
    toHeads(linear(map, rows), batch, 1, heads)
  );
  const scale = 1 / Math.sqrt(q.shape[3] * (1 + Number(c2p) + Number(p2c)));
  /** Dot products of `content` with the mapped embeddings of distances, in the order given. */
  const scores = (content: Tensor, map: Linear, order: readonly number[]) => {
    const [mapped] = toHeads(linear(map, table), 1, 1, heads);
    const straight = order.length === table.shape[0] && order.every((place, i) => place === i);
    const distances = straight ? mapped : take(mapped, asIndices(order), 2);
    return byPlace(matmul(content, transpose(distances, [0, 1, 3, 2])));
  };
  // The query i sees key j at distance i − j, which falls with j; the key j sees query i as it rises with i.
  const terms = [
    ...(c2p ? [scores(q, p.key, places.toReversed())] : []),
    ...(p2c ? [transpose(scores(k, p.query, places), [0, 1, 3, 2])] : []),
  ].map((term) => mul(term, scale));
  const added = [...terms, ...(mask ? [mask] : [])];
  return linear(
    p.out,
    attend([q, k, v], {
      scale,
      weightsDropout,
      mask: added.length > 0 ? added.reduce((a, b) => add(a, b)) : undefined,
    }),
  );
}

/** Indices as a constant. */
export function asIndices(values: readonly number[]): NdArray {
  return fromNumbers(values, [values.length], "int32");
}
