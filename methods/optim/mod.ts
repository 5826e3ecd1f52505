/**
 * Optimisers and schedules, as pure functions.
 *
 * Over trees of parameters: `sgd`, `adam` (AdamW and AMSGrad too), `rmsprop`, `adagrad`, with groups
 * of parameters by path. On one flat vector, for speed: `layoutOf`, `adamw`, `trainSteps`. For both:
 * clipping, schedules, averages of weights, loss scaling, accumulation over micro-batches.
 *
 * @module
 */

export * from "./accumulate.ts";
export * from "./adam.ts";
export * from "./adamw.ts";
export * from "./adaptive.ts";
export * from "./budget.ts";
export * from "./clip.ts";
export * from "./ema.ts";
export * from "./layout.ts";
export * from "./long_run.ts";
export * from "./loss_in_parts.ts";
export * from "./loss_scaling.ts";
export * from "./optimizer.ts";
export * from "./schedule.ts";
export * from "./sgd.ts";
export * from "./training.ts";
