/**
 * Layers, blocks and models over traced tensors, in one style: `initX(stream, sizes)` makes a plain
 * tree of host arrays, `x(params, input, options)` computes with the same tree of tensors. State that
 * is no parameter (running statistics) is a tree of its own, given and returned. Nothing is hidden in
 * objects, so that gradients, `vmap`, `scan`, optimisers and adapters (`mapLinears`) apply to all.
 *
 * @module
 */

export * from "./attention.ts";
export * from "./bert.ts";
export * from "./bert_weights.ts";
export * from "./block.ts";
export * from "./classifier.ts";
export * from "./cnn.ts";
export * from "./coca.ts";
export * from "./coca_config.ts";
export * from "./coca_losses.ts";
export * from "./convolution.ts";
export * from "./deberta.ts";
export * from "./deberta_weights.ts";
export * from "./decoder_lm.ts";
export * from "./dropout.ts";
export * from "./encoder_file.ts";
export * from "./export_model.ts";
export * from "./initializers.ts";
export * from "./layers.ts";
export * from "./linear_arrays.ts";
export * from "./map_linears.ts";
export * from "./metrics.ts";
export * from "./norms.ts";
export * from "./pretrained.ts";
export * from "./recurrent.ts";
export * from "./resnet.ts";
export * from "./task_heads.ts";
export * from "./torch_weights.ts";
