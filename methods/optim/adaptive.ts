// RMSProp and Adagrad, as torch.optim has them.

import { add, div, maximum, mul, sqrt, square, sub } from "../tensor/mod.ts";
import { type Optimizer, optimizerOf, type UpdateRule, type WithGroups } from "./optimizer.ts";
import { atLeast0, flag } from "./settings.ts";
import { withL2 } from "./sgd.ts";

/** Settings of {@link rmsprop}. */
export interface RmspropSettings {
  /** Share of the old mean square that stays. @default 0.99 */
  alpha?: number;
  /** Added to the root of the mean square. @default 1e-8 */
  eps?: number;
  /** @default 0 */
  momentum?: number;
  /** Divide by the root of the variance, not of the mean square. @default false */
  centered?: boolean;
  /** Coupled L2. @default 0 */
  weightDecay?: number;
}

const rmspropRule: UpdateRule<RmspropSettings> = {
  name: "rmsprop",
  settings: {
    alpha: atLeast0,
    eps: atLeast0,
    momentum: atLeast0,
    centered: flag,
    weightDecay: atLeast0,
  },
  slots: ({ momentum = 0, centered = false }) => [
    "meanSquare",
    ...(centered ? ["mean"] : []),
    ...(momentum === 0 ? [] : ["velocity"]),
  ],
  update({ param, gradient, slots, lr, settings }) {
    const { alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, weightDecay = 0 } = settings;
    const g = withL2(gradient, param, weightDecay);
    const meanSquare = add(mul(slots.meanSquare, alpha), mul(square(g), 1 - alpha));
    const mean = centered ? add(mul(slots.mean, alpha), mul(g, 1 - alpha)) : undefined;
    // Rounding may make a variance of 0 negative.
    const power = mean ? maximum(sub(meanSquare, square(mean)), 0) : meanSquare;
    const scaled = div(g, add(sqrt(power), eps));
    const velocity = momentum === 0 ? undefined : add(mul(slots.velocity, momentum), scaled);
    return {
      param: sub(param, mul(velocity ?? scaled, lr)),
      slots: { meanSquare, ...(mean ? { mean } : {}), ...(velocity ? { velocity } : {}) },
    };
  },
};

/**
 * Gradients divided by a running root mean square (Hinton's lecture 6e; Graves, arXiv 1308.0850).
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 */
export function rmsprop(
  { groups, ...settings }: RmspropSettings & WithGroups<RmspropSettings> = {},
): Optimizer {
  return optimizerOf(rmspropRule, settings, groups);
}

/** Settings of {@link adagrad}. */
export interface AdagradSettings {
  /** Added to the root of the sum of squares. @default 1e-10 */
  eps?: number;
  /** What the sum of squares begins with. @default 0 */
  initial?: number;
  /** The learning rate of step t, from 0, is divided by 1 + t·this. @default 0 */
  lrDecay?: number;
  /** Coupled L2. @default 0 */
  weightDecay?: number;
}

const adagradRule: UpdateRule<AdagradSettings> = {
  name: "adagrad",
  settings: { eps: atLeast0, initial: atLeast0, lrDecay: atLeast0, weightDecay: atLeast0 },
  slots: () => ["sumSquare"],
  initial: ({ initial = 0 }) => initial,
  update({ param, gradient, slots, step, lr, settings }) {
    const { eps = 1e-10, lrDecay = 0, weightDecay = 0 } = settings;
    const g = withL2(gradient, param, weightDecay);
    const sumSquare = add(slots.sumSquare, square(g));
    const rate = lrDecay === 0 ? lr : div(lr, add(mul(sub(step, 1), lrDecay), 1));
    const change = mul(div(g, add(sqrt(sumSquare), eps)), rate);
    return { param: sub(param, change), slots: { sumSquare } };
  },
};

/**
 * Gradients divided by the root of the sum of all their squares (Duchi et al., JMLR 12, 2011).
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 */
export function adagrad(
  { groups, ...settings }: AdagradSettings & WithGroups<AdagradSettings> = {},
): Optimizer {
  return optimizerOf(adagradRule, settings, groups);
}
