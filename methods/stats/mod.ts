/** Statistics for small paired experiments: tests, intervals, corrections, pre-registered claims. */

export type { Alternative } from "./alternative.ts";
export { binomialTest } from "./binomial.ts";
export type { BinomialResult } from "./binomial.ts";
export { bootstrapInterval } from "./bootstrap.ts";
export { estimate, geometricEstimate } from "./estimate.ts";
export type { Estimate } from "./estimate.ts";
export { hodgesLehmann } from "./hodges_lehmann.ts";
export { chiSquaredQuantile } from "./chi_squared.ts";
export { holm } from "./holm.ts";
export { normalCdf, normalQuantile, zTest } from "./normal.ts";
export { overallOutcome } from "./overall.ts";
export { pageTest } from "./page.ts";
export type { PageResult } from "./page.ts";
export { correctedTTest } from "./corrected_t.ts";
export { tTest } from "./paired_t.ts";
export type { TResult } from "./paired_t.ts";
export { signFlipTest } from "./sign_flip.ts";
export type { SignFlipOptions, SignFlipResult } from "./sign_flip.ts";
export { slope, slopeOverSeeds } from "./slope.ts";
export { tCdf, tQuantile, tSurvival } from "./student_t.ts";
export {
  interaction,
  mean,
  median,
  pairedDifferences,
  quantile,
  standardDeviation,
  standardError,
} from "./summary.ts";
export { tost, tostOfFraction, tostOfRatio } from "./tost.ts";
export type { TostResult } from "./tost.ts";
export { wilcoxonSignedRank } from "./wilcoxon.ts";
