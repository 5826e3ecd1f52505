// Layers, blocks and models over traced tensors; parameters are plain trees.

export * from "./attention.ts";
export * from "./block.ts";
export * from "./coca.ts";
export * from "./coca_config.ts";
export * from "./coca_losses.ts";
export * from "./layers.ts";
