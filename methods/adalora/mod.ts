/**
 * AdaLoRA: adaptive budget allocation for parameter-efficient fine-tuning (Zhang et al., ICLR 2023,
 * arXiv 2303.10512), its ablations, and the methods it is compared with.
 *
 * @module
 */

export * from "./baselines.ts";
export * from "./doublets.ts";
export * from "./merge.ts";
export * from "./method_trainer.ts";
export * from "./orthogonality.ts";
export * from "./planted.ts";
export * from "./study.ts";
export * from "./text_export.ts";
export * from "./text_methods.ts";
export * from "./text_study.ts";
export * from "./training.ts";
export * from "./triplets.ts";
export * from "./tuner.ts";
export * from "./variants.ts";
