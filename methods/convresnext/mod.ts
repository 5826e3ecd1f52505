/**
 * ConvResNeXt (K. Zhang et al., NeurIPS 2024): the network, its penalised training, what decay does to
 * its paths, the kernel methods that it is compared with, and the data of the experiments.
 *
 * ```ts
 * import { draw, meanSquaredError, predict, trainReplicates } from "./mod.ts";
 *
 * const architecture = { D: 8, w: 8, L: 6, K: 6, M: 2, N: 2 };
 * const target = { knots: [0, 0.5, 1], heights: [-2, 4, -2] };
 * const data = { shape: { kind: "spiral", target }, D: 8, irrelevant: 0, risk: "squared" } as const;
 * const { x, y } = draw(data, 1, "train", 256);
 * const { parameters } = await trainReplicates(
 *   architecture,
 *   { risk: "squared", optimizer: "adam", lr: 5e-3, steps: 20, batch: 32 },
 *   [{ x, y, seed: 1, decay: { paths: 1e-3, out: 1e-3 } }],
 *   { provider: "cpu", threads: 1 },
 * );
 * const test = draw(data, 1, "test", 500);
 * const [f] = await predict(architecture, parameters, [test.x], { provider: "cpu", threads: 1 });
 * console.log(meanSquaredError(f, test.truth));
 * ```
 *
 * @module
 */

export { activePaths, deletionCurves, deletionOrder } from "./active_paths.ts";
export {
  type Cell,
  KERNEL_METHODS,
  type KernelMethod,
  type Outcome,
  runKernelMethod,
  runNetworks,
  type SampleCell,
} from "./cell.ts";
export { degreesOfFreedom, excessLogisticRisk, meanSquaredError } from "./errors.ts";
export {
  gaussianProcess,
  type KernelFit,
  kernelRidge,
  negativeLogEvidence,
  predictKernel,
} from "./kernel_methods.ts";
export * from "./manifold.ts";
export {
  type Architecture,
  convolutionWeights,
  convResNeXt,
  initialParameters,
  type Parameters,
  stackParameters,
  unstackParameters,
} from "./network.ts";
export { type Decay, empiricalRisk, penalty, type Risk } from "./objective.ts";
export { oneSidedConvolution } from "./one_sided_convolution.ts";
export { balancedNorm, balancedPenalty, layerNorms, participationRatio } from "./path_norms.ts";
export { predict } from "./predict.ts";
export { type DataSpec, draw, type Drawn, type Shape } from "./sample.ts";
export { fitScaling, type ScalingFit } from "./scaling.ts";
export {
  type Execution,
  learningRates,
  type Replicate,
  type Trained,
  type TrainingPlan,
  trainReplicates,
} from "./train.ts";
