/** Downstream scores from embeddings and token statistics: recall, captioning loss, exact match. */

import type { NdArray } from "../tensor/mod.ts";

/** Recall at 1, 5 and 10, in [0, 1]. */
export interface Recall {
  readonly 1: number;
  readonly 5: number;
  readonly 10: number;
}

/**
 * Recall among the items of one gallery: the share of queries with a right answer among the k most
 * similar. An answer is right when its label equals the query's (two pictures may share a caption).
 * Ties are broken against the query: an equal wrong answer ranks before the right one.
 *
 * @param queries unit vectors `[N, E]`
 * @param gallery unit vectors `[N, E]`
 * @param labels label of each row
 */
export function recall(queries: NdArray, gallery: NdArray, labels: readonly string[]): Recall {
  const [count, width] = queries.shape;
  const q = queries.data as Float32Array, g = gallery.data as Float32Array;
  const hits = { 1: 0, 5: 0, 10: 0 };
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let best = -Infinity;
    for (let j = 0; j < count; j++) {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += q[i * width + k] * g[j * width + k];
      scores[j] = dot;
      if (labels[j] === labels[i] && dot > best) best = dot;
    }
    let before = 0;
    // Not `>=`: similarities that are not numbers rank before the right answer, never behind it.
    for (let j = 0; j < count; j++) if (labels[j] !== labels[i] && !(scores[j] < best)) before++;
    for (const k of [1, 5, 10] as const) if (before < k) hits[k]++;
  }
  return { 1: hits[1] / count, 5: hits[5] / count, 10: hits[10] / count };
}

/** Mean of recalls, e.g. over vendors. */
export function meanRecall(recalls: readonly Recall[]): Recall {
  const mean = (k: 1 | 5 | 10) => recalls.reduce((sum, r) => sum + r[k], 0) / recalls.length;
  return { 1: mean(1), 5: mean(5), 10: mean(10) };
}

/**
 * Value of a curve at `x` by linear interpolation; the ends are held.
 *
 * @param xs ascending
 */
export function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const after = xs.findIndex((v) => v >= x);
  if (after === 0) return ys[0];
  if (after < 0) return ys[ys.length - 1];
  const share = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + share * (ys[after] - ys[after - 1]);
}
