/** Page's test for ordered alternatives: do values rise over ordered conditions, block by block? */

import { normalCdf } from "./normal.ts";
import { requireSample } from "./summary.ts";

export interface PageResult {
  /** L = Σ_j j · R_j, with R_j the sum of the ranks of condition j over the blocks. */
  readonly statistic: number;
  /** One-sided p value of an increasing trend. */
  readonly p: number;
  /** True when the null distribution was enumerated, else the normal approximation was used. */
  readonly exact: boolean;
}

/** Permutations of up to this many conditions are enumerated: 8! = 40,320 a pattern of ties. */
const ENUMERATED = 8;

/**
 * Tests whether the columns of `blocks` increase in their order. Each row holds one block's values under
 * the conditions 1 … k; ranks are taken within the row, ties get their mean rank, and the null
 * distribution is that of permuting each row (given its ties).
 *
 * @param blocks At least one row of equal length k ≥ 2.
 * @throws RangeError for rows of different lengths or values that are not finite.
 * Source: Page, J. Am. Stat. Assoc. 58 (1963).
 */
export function pageTest(blocks: readonly (readonly number[])[]): PageResult {
  const k = blocks[0]?.length ?? 0;
  if (k < 2) throw new RangeError("pageTest: needs a block of at least two conditions");
  for (const block of blocks) {
    requireSample(block, k, "pageTest");
    if (block.length !== k) throw new RangeError("pageTest: blocks of different lengths");
  }
  // Mean ranks are halves: all sums are kept as twice their value, exact integers.
  const ranks = blocks.map(doubledRanks);
  const observed = ranks.reduce((sum, row) => sum + weighted(row), 0);
  if (k > ENUMERATED) return { statistic: observed / 2, p: approximateP(ranks), exact: false };
  const rows = new Map<string, Float64Array>();
  let total = Float64Array.of(1);
  for (const row of ranks) {
    const pattern = row.toSorted((a, b) => a - b).join();
    let one = rows.get(pattern);
    if (!one) rows.set(pattern, one = distribution(row));
    total = convolve(total, one);
  }
  let p = 0;
  for (let value = total.length - 1; value >= observed; value--) p += total[value];
  return { statistic: observed / 2, p: Math.min(1, p), exact: true };
}

/** Twice the ranks within a row, ties given their mean: integers from 2 to 2k. */
function doubledRanks(row: readonly number[]): number[] {
  return row.map((value) => {
    let below = 0;
    let equal = 0;
    for (const other of row) {
      if (other < value) below++;
      else if (other === value) equal++;
    }
    return 2 * below + equal + 1;
  });
}

function weighted(row: readonly number[]): number {
  return row.reduce((sum, rank, j) => sum + (j + 1) * rank, 0);
}

/** Probability of each value of Σ j · rank_j under all orders of `ranks`, indexed by the value. */
function distribution(ranks: readonly number[]): Float64Array {
  const sorted = ranks.toSorted((a, b) => a - b);
  const counts = new Float64Array(weighted(sorted) + 1);
  let orders = 0;
  const place = (position: number, sum: number, left: readonly number[]) => {
    if (left.length === 0) {
      counts[sum]++;
      orders++;
      return;
    }
    left.forEach((rank, i) => place(position + 1, sum + position * rank, left.toSpliced(i, 1)));
  };
  place(1, 0, sorted);
  return counts.map((count) => count / orders);
}

function convolve(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(a.length + b.length - 1);
  a.forEach((x, i) => {
    if (x !== 0) b.forEach((y, j) => sum[i + j] += x * y);
  });
  return sum;
}

/** Normal approximation: mean and variance of Σ j · rank_j under permutation, summed over blocks. */
function approximateP(ranks: readonly (readonly number[])[]): number {
  const k = ranks[0].length;
  const spread = (values: readonly number[]) => {
    const centre = values.reduce((a, b) => a + b, 0) / k;
    return values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  };
  const positions = Array.from({ length: k }, (_, j) => j + 1);
  let excess = 0;
  let variance = 0;
  for (const row of ranks) {
    // The ranks of a row, doubled, add up to k (k + 1) whatever the ties.
    excess += weighted(row) - k * (k + 1) * (k + 1) / 2;
    variance += spread(positions) * spread(row) / (k - 1);
  }
  return variance === 0 ? 1 : normalCdf(-excess / Math.sqrt(variance));
}
