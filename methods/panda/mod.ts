/**
 * PANDA: pivotal estimation of linear discriminant analysis in high dimensions (Fang, Mei, Shi, Xu, Zhao;
 * JMLR 24(302), 2023), with the baselines LPD and AdaLDA, as a library.
 *
 * ```ts
 * import { momentsOf, panda, populationOf, sample, scoresOf } from "./mod.ts";
 * import { stream } from "../tensor/random.ts";
 *
 * const population = populationOf({ model: "approximately_sparse", p: 20, s: 5 }, stream(0, "model"));
 * const { x0, x1 } = sample(population, 50, stream(0, "sample"));
 * const moments = momentsOf(x0, x1);
 * const [{ beta }] = panda(moments, [1]);
 * const { risk } = scoresOf(population, beta, moments.midpoint);
 * ```
 *
 * @module
 */

export type { Dense } from "../linear_algebra/dense.ts";
export {
  adaLda,
  type AdaLdaOptions,
  type Estimate,
  lpd,
  panda,
  pandaProgramme,
  pandaThin,
  PAPER_C,
  PAPER_GRID,
  solveFull,
  theoryParameters,
} from "./estimators.ts";
export {
  type Expression,
  middleVariance,
  parseExpression,
  part,
  screen,
  type Split,
  stratifiedSplit,
} from "./expression.ts";
export { classify, multiclassError } from "./k_classes.ts";
export { lpdPath, PathError } from "./lpd_path.ts";
export { contrastsOf, errorRate, type Moments, momentsOf } from "./moments.ts";
export {
  type ModelName,
  MODELS,
  type Population,
  type PopulationChoice,
  populationOf,
  sample,
} from "./populations.ts";
export { type Certificate, certify, type Iterate, origin, type Programme } from "./programme.ts";
export { bayesRisk, type Scores, scoresOf } from "./scores.ts";
export { type Solution, solve, type SolveOptions } from "./solve.ts";
export { spectrumOf } from "./spectrum.ts";
export { type Chosen, type TieRule, tune, type Tuned } from "./tuning.ts";
export {
  type MethodName,
  METHODS,
  replicate,
  type ReplicateOptions,
  type TunedScores,
} from "./replicate.ts";
export {
  bestLambda,
  type Curve,
  type PenaltyOutcome,
  penaltyReplicate,
  rateReplicate,
  sensitivityCurves,
  type TheoryOutcome,
  theoryReplicate,
} from "./studies.ts";
