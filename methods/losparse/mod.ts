/**
 * LoSparse: structured compression by low-rank plus sparse approximation (Li et al., ICML 2023, arXiv
 * 2306.11222), and the methods it is compared with. Follows the released code where the text leaves
 * something open.
 *
 * @module
 */

export * from "./compact.ts";
export * from "./distillation.ts";
export * from "./factors_file.ts";
export * from "./leading_svd.ts";
export * from "./planted.ts";
export * from "./premise.ts";
export * from "./rows.ts";
export * from "./split.ts";
export * from "./study.ts";
export * from "./svd.ts";
export * from "./text_export.ts";
export * from "./text_methods.ts";
export * from "./text_study.ts";
export * from "./training.ts";
export * from "./tuner.ts";
