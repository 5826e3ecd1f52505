/**
 * Pruning to a budget while training, as AdaLoRA and LoSparse do it: a cubic schedule, averages of
 * sensitivity and uncertainty, an exact global choice of groups, soft masks, and proof of what was
 * realised. Everything happens inside the training program, so that a whole run is one `scan`.
 *
 * @module
 */

export * from "./groups_by_path.ts";
export * from "./importance.ts";
export * from "./keep_top.ts";
export * from "./plan.ts";
export * from "./pruner.ts";
export * from "./realised.ts";
export * from "./replicates.ts";
export * from "./training.ts";
