/**
 * Fine-tuning of pre-trained encoders, BERT or DeBERTa, on the tasks of benchmarks: tasks as arrays, runs of any
 * length, scores of development sets. What is trained, and how, comes from a {@link Tuner}, such as
 * `adaloraTuner` or `losparseTuner`.
 *
 * @module
 */

export * from "./batches.ts";
export * from "./fine_tune.ts";
export * from "./held_out.ts";
export * from "./prepare.ts";
export * from "./scores.ts";
export * from "./task.ts";
export * from "./tuner.ts";
