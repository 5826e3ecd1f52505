/**
 * The effective Minkowski dimension (Zhang et al., ICML 2023, arXiv 2306.14859) as a library: what a
 * covariance's spectrum predicts for the learning curve of a regression, and the experiment that measures
 * it.
 *
 * ```ts
 * import { eigenvalues, solveBalance } from "./mod.ts";
 *
 * // Eigenvalues exp(−j) in 256 dimensions, a target of smoothness 1, ten thousand examples.
 * const spectrum = eigenvalues({ kind: "exponential", rate: 1 }, 256);
 * const { dimension, localSlope } = solveBalance(spectrum, { smoothness: 1, n: 10_000 });
 * console.log(dimension.toFixed(1), localSlope.toFixed(2)); // 2.5 -0.29
 * ```
 *
 * @module
 */

export * from "./balance.ts";
export * from "./box_counting.ts";
export * from "./curve_shape.ts";
export * from "./design.ts";
export * from "./designs.ts";
export * from "./field.ts";
export * from "./fit.ts";
export * from "./image_design.ts";
export * from "./learning_curve.ts";
export * from "./measures.ts";
export * from "./network.ts";
export * from "./replicate.ts";
export * from "./spectrum.ts";
export * from "./study.ts";
