// Learning-rate schedules: plain functions of the step, and tables of them for training programs.

import type { NdArray } from "../tensor/mod.ts";

/** Learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** Linear warm-up, then half a cosine. */
export interface WarmupCosine {
  /** Largest learning rate, reached at the end of the warm-up. */
  peak: number;
  /** Steps of warm-up; step i < warmup has `peak·(i+1)/warmup`. */
  warmup: number;
  /** Steps in all; from here on the rate is `floor`. */
  steps: number;
  /** Final learning rate. @default 0 */
  floor?: number;
}

/**
 * Linear warm-up to `peak`, then a cosine from `peak` at step `warmup` to `floor` at step `steps`.
 *
 * @throws RangeError when the warm-up is longer than the schedule.
 */
export function warmupCosine({ peak, warmup, steps, floor = 0 }: WarmupCosine): Schedule {
  if (!(warmup >= 0 && warmup <= steps)) {
    throw new RangeError(`a warm-up of ${warmup} does not fit a schedule of ${steps} steps`);
  }
  return (step) => {
    if (step < warmup) return peak * (step + 1) / warmup;
    if (step >= steps) return floor;
    const progress = (step - warmup) / (steps - warmup);
    return floor + (peak - floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}

/**
 * The rates of steps `first` … `first + count − 1`, float32 [count]: scanned over beside the
 * batches, one rate reaches each step of a training program without any host work inside.
 */
export function learningRates(schedule: Schedule, first: number, count: number): NdArray {
  const data = Float32Array.from({ length: count }, (_, i) => schedule(first + i));
  return { dtype: "float32", shape: [count], data };
}
