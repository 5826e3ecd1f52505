// Learning-rate schedules: plain functions of the step, and tables of them for training programs.

import { type NdArray, TensorError } from "../tensor/types.ts";

/** Learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** @throws TensorError `argument` naming a setting that is missing or no finite number. */
function requireNumbers(name: string, settings: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(settings)) {
    if (Number.isFinite(value)) continue;
    throw new TensorError("argument", `${name}: ${key} is ${value}; it must be a finite number`);
  }
}

function unfit(name: string, message: string): TensorError {
  return new TensorError("argument", `${name}: ${message}`);
}

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
 * @throws TensorError `argument` when the warm-up is longer than the schedule, or a setting is missing.
 */
export function warmupCosine({ peak, warmup, steps, floor = 0 }: WarmupCosine): Schedule {
  requireNumbers("warmupCosine", { peak, warmup, steps, floor });
  if (!(warmup >= 0 && warmup <= steps)) {
    throw unfit(
      "warmupCosine",
      `a warm-up of ${warmup} does not fit a schedule of ${steps} steps`,
    );
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
 *
 * @throws TensorError `argument` for a rate that is no finite number, naming its step.
 */
export function learningRates(schedule: Schedule, first: number, count: number): NdArray {
  requireNumbers("learningRates", { first, count });
  if (!Number.isInteger(count) || count < 0) {
    throw unfit("learningRates", `count is ${count}; a number of steps expected`);
  }
  const data = Float32Array.from({ length: count }, (_, i) => {
    const rate = schedule(first + i);
    if (Number.isFinite(rate)) return rate;
    throw unfit("learningRates", `the schedule gives ${rate} at step ${first + i}`);
  });
  return { dtype: "float32", shape: [count], data };
}

/** The same rate at every step. */
export function constantRate(rate: number): Schedule {
  requireNumbers("constantRate", { rate });
  return () => rate;
}

/** Settings of {@link linearRate}. */
export interface LinearRate {
  /** Rate at step 0. */
  from: number;
  /** Rate at step `steps` and later. */
  to: number;
  steps: number;
}

/** A straight line, then constant; from a small rate upwards it is a warm-up. */
export function linearRate({ from, to, steps }: LinearRate): Schedule {
  requireNumbers("linearRate", { from, to, steps });
  return (step) => step >= steps ? to : from + (to - from) * step / steps;
}

/** Settings of {@link cosineRate}. */
export interface CosineRate {
  /** Rate at step 0. */
  peak: number;
  /** From this step on the rate is `floor`. */
  steps: number;
  /** @default 0 */
  floor?: number;
}

/** Half a cosine from `peak` to `floor` (Loshchilov and Hutter, arXiv 1608.03983, without restarts). */
export function cosineRate({ peak, steps, floor = 0 }: CosineRate): Schedule {
  requireNumbers("cosineRate", { peak, steps, floor });
  return warmupCosine({ peak, warmup: 0, steps, floor });
}

/** Settings of {@link stepRate}. */
export interface StepRate {
  base: number;
  /** Factor at each drop. @default 0.1 */
  factor?: number;
  /** Steps between drops, or the steps at which the rate drops. */
  at: number | readonly number[];
}

/** A staircase. */
export function stepRate({ base, factor = 0.1, at }: StepRate): Schedule {
  requireNumbers("stepRate", { base, factor });
  if (!Array.isArray(at)) requireNumbers("stepRate", { at });
  if (typeof at === "number" && at <= 0) throw unfit("stepRate", `at is ${at}; steps > 0 expected`);
  const drops = (step: number) =>
    typeof at === "number"
      ? Math.floor(step / at)
      : at.filter((milestone) => step >= milestone).length;
  return (step) => base * factor ** drops(step);
}

/** `base · factor^step`. */
export function exponentialRate(base: number, factor: number): Schedule {
  requireNumbers("exponentialRate", { base, factor });
  return (step) => base * factor ** step;
}

/** `base · (1 − step/steps)^power`, 0 from step `steps` on. */
export function polynomialRate(base: number, steps: number, power = 1): Schedule {
  requireNumbers("polynomialRate", { base, steps, power });
  return (step) => step >= steps ? 0 : base * (1 - step / steps) ** power;
}

/** Settings of {@link triangleRate}. */
export interface TriangleRate {
  /** Largest rate, after the rise. */
  peak: number;
  /** Steps in all; more than those of the rise. */
  steps: number;
  /** Steps in which the rate rises. */
  rise: number;
  /** Rate at step 0, where there is a rise. @default 0 */
  from?: number;
}

/**
 * Up in a straight line, then down to 0 at step `steps`.
 *
 * @throws TensorError `argument` unless there are more steps than those of the rise.
 */
export function triangleRate({ peak, steps, rise, from = 0 }: TriangleRate): Schedule {
  requireNumbers("triangleRate", { peak, steps, rise, from });
  if (!(rise < steps)) {
    throw unfit("triangleRate", `a rise of ${rise} of ${steps} steps leaves no step to fall`);
  }
  const up = linearRate({ from, to: peak, steps: rise });
  const down = polynomialRate(peak, steps - rise);
  return rise === 0 ? down : inSequence([up, rise], [down, steps - rise]);
}

/** Settings of {@link oneCycleRate}. */
export interface OneCycleRate {
  /** Largest rate. */
  peak: number;
  /** Steps in all. */
  steps: number;
  /** Share of the steps in which the rate grows. @default 0.3 */
  rise?: number;
  /** The first rate is `peak` divided by this. @default 25 */
  startDivisor?: number;
  /** The last rate is the first divided by this. @default 1e4 */
  endDivisor?: number;
}

/**
 * Half a cosine up, half a cosine down (Smith and Topin, arXiv 1708.07120), as `OneCycleLR`.
 *
 * @throws TensorError `argument` when no step is left to rise or to fall.
 */
export function oneCycleRate(
  { peak, steps, rise = 0.3, startDivisor = 25, endDivisor = 1e4 }: OneCycleRate,
): Schedule {
  requireNumbers("oneCycleRate", { peak, steps, rise, startDivisor, endDivisor });
  const top = rise * steps - 1, last = steps - 1;
  if (!(top > 0 && top < last)) {
    throw unfit(
      "oneCycleRate",
      `a rise of ${rise} of ${steps} steps leaves no step to rise or to fall`,
    );
  }
  const start = peak / startDivisor, end = start / endDivisor;
  const between = (a: number, b: number, progress: number) =>
    b + (a - b) / 2 * (1 + Math.cos(Math.PI * progress));
  return (step) =>
    step <= top
      ? between(start, peak, step / top)
      : between(peak, end, (Math.min(step, last) - top) / (last - top));
}

/**
 * Schedules one after another, each counting its own steps from 0; the last goes on for ever.
 *
 * @throws TensorError `argument` for none, and for a part that is no [schedule, steps].
 *
 * @example
 * ```ts
 * import { cosineRate, inSequence, linearRate } from "./mod.ts";
 *
 * const rate = inSequence(
 *   [linearRate({ from: 0, to: 1e-3, steps: 100 }), 100],
 *   [cosineRate({ peak: 1e-3, steps: 900 }), 900],
 * );
 * console.log(rate(0), rate(100), rate(1000)); // 0 0.001 0
 * ```
 */
export function inSequence(...parts: readonly (readonly [Schedule, number])[]): Schedule {
  if (parts.length === 0) throw unfit("inSequence", "at least one schedule is needed");
  parts.forEach((part, i) => {
    if (typeof part?.[0] === "function" && part[1] >= 0) return;
    throw unfit("inSequence", `part ${i} is no [schedule, steps]`);
  });
  return (step) => {
    let first = 0;
    for (const [schedule, length] of parts.slice(0, -1)) {
      if (step < first + length) return schedule(step - first);
      first += length;
    }
    return parts[parts.length - 1][0](step - first);
  };
}
