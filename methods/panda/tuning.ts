/** Choosing λ̃ by validation error, as the experiments do. */

import type { Estimate } from "./estimators.ts";

/** What to do when several λ̃ share the smallest validation error; the paper does not say. */
export type TieRule = "largest" | "smallest";

/** A chosen estimate. */
export interface Chosen<E extends Estimate> {
  readonly estimate: E;
  /** Its share of validation items in the wrong class. */
  readonly error: number;
}

/** The best of a path under both tie rules, and how far it was followed. */
export interface Tuned<E extends Estimate> {
  readonly largest: Chosen<E>;
  readonly smallest: Chosen<E>;
  /** λ̃ that share the smallest error. */
  readonly ties: number;
  /** λ̃ that were looked at. */
  readonly looked: number;
}

/**
 * Follows a path and keeps the estimate of the smallest validation error. The path is left once the error
 * exceeds the best by more than `patience`: solutions there are dense, dear, and overfitted.
 *
 * @param path Descending in λ̃.
 * @param error Validation error of a direction, in [0, 1].
 * @throws RangeError for an empty path.
 */
export function tune<E extends Estimate>(
  path: Iterable<E>,
  error: (beta: Float64Array) => number,
  patience = Infinity,
): Tuned<E> {
  let largest: Chosen<E> | null = null, smallest: Chosen<E> | null = null;
  let ties = 0, looked = 0;
  for (const estimate of path) {
    const found = error(estimate.beta);
    looked++;
    if (largest === null || found < largest.error) {
      largest = smallest = { estimate, error: found };
      ties = 1;
    } else if (found === largest.error) {
      smallest = { estimate, error: found };
      ties++;
    } else if (found > largest.error + patience) {
      break;
    }
  }
  if (largest === null || smallest === null) throw new RangeError("tune: the path is empty");
  return { largest, smallest, ties, looked };
}
