// Layers, blocks and models over traced tensors; parameters are plain trees.

export * from "./attention.ts";
export * from "./bert.ts";
export * from "./bert_weights.ts";
export * from "./block.ts";
export * from "./coca.ts";
export * from "./coca_config.ts";
export * from "./coca_losses.ts";
export * from "./dropout.ts";
export * from "./initializers.ts";
export * from "./layers.ts";
export * from "./map_linears.ts";
export * from "./norms.ts";
export * from "./torch_weights.ts";
