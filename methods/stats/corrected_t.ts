/** The corrected resampled t test: paired differences over random splits of one data set. */

import type { Alternative } from "./alternative.ts";
import { tResult } from "./paired_t.ts";
import { mean, requireSample, standardDeviation } from "./summary.ts";
import type { TResult } from "./paired_t.ts";

/**
 * Tests whether the mean of `differences` is zero when each comes from another random split of the same
 * data. Training parts overlap, so the differences are correlated and the plain t test is far too sure;
 * the variance of the mean is taken as `s² (1/J + test/train)`.
 *
 * @param differences One for each of J splits.
 * @param sizes Items in the training and in the test part of a split.
 * @throws RangeError with fewer than two splits or sizes that are not positive.
 * Source: Nadeau and Bengio, Machine Learning 52 (2003), doi:10.1023/A:1024068626366, eq. 9.
 */
export function correctedTTest(
  differences: readonly number[],
  sizes: { readonly train: number; readonly test: number },
  options: { readonly alternative?: Alternative; readonly confidence?: number } = {},
): TResult {
  requireSample(differences, 2, "correctedTTest");
  if (!(sizes.train > 0 && sizes.test > 0)) {
    throw new RangeError(`correctedTTest: ${sizes.test} test items, ${sizes.train} training items`);
  }
  const { alternative = "two-sided", confidence = 0.95 } = options;
  const effect = mean(differences), df = differences.length - 1;
  const error = standardDeviation(differences) *
    Math.sqrt(1 / differences.length + sizes.test / sizes.train);
  return tResult(effect, error, df, { alternative, confidence });
}
