// Adam over trees, with its variants: coupled or decoupled decay, AMSGrad.

import { add, div, maximum, mul, sqrt, square, sub } from "../tensor/mod.ts";
import { biasCorrection } from "./bias_correction.ts";
import {
  type LeafUpdate,
  type Optimizer,
  optimizerOf,
  type UpdateRule,
  type WithGroups,
} from "./optimizer.ts";
import { atLeast0, below1, flag, oneOf } from "./settings.ts";
import { withL2 } from "./sgd.ts";

/** Settings of {@link adam}. */
export interface AdamSettings {
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.999 */
  beta2?: number;
  /** Added to the root of the second moment. @default 1e-8 */
  eps?: number;
  /** @default 0 */
  weightDecay?: number;
  /**
   * `coupled`: decay is added to the gradient (L2; `torch.optim.Adam`). `decoupled`: it shrinks the
   * parameter by itself, times the learning rate (AdamW, Loshchilov and Hutter, arXiv 1711.05101).
   * @default "coupled"
   */
  decay?: "coupled" | "decoupled";
  /** Divide by the largest second moment so far (Reddi et al., ICLR 2018). @default false */
  amsgrad?: boolean;
}

const rule: UpdateRule<AdamSettings> = {
  name: "adam",
  settings: {
    beta1: below1,
    beta2: below1,
    eps: atLeast0,
    weightDecay: atLeast0,
    decay: oneOf("coupled", "decoupled"),
    amsgrad: flag,
  },
  slots: ({ amsgrad = false }) => amsgrad ? ["m", "v", "vMax"] : ["m", "v"],
  update({ param, gradient, slots, step, lr, settings }): LeafUpdate {
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, amsgrad = false } = settings;
    const { weightDecay = 0, decay = "coupled" } = settings;
    const decoupled = decay === "decoupled";
    const g = withL2(gradient, param, decoupled ? 0 : weightDecay);
    const m = add(mul(slots.m, beta1), mul(g, 1 - beta1));
    const v = add(mul(slots.v, beta2), mul(square(g), 1 - beta2));
    const vMax = amsgrad ? maximum(slots.vMax, v) : v;
    // lr·m̂/(√v̂ + ε) with m̂ = m/c₁ and v̂ = v/c₂ is (lr √c₂/c₁)·m/(√v + ε √c₂): fewer passes.
    const root2 = sqrt(biasCorrection(beta2, step));
    const rate = mul(div(root2, biasCorrection(beta1, step)), lr);
    const change = mul(div(m, add(sqrt(vMax), mul(root2, eps))), rate);
    const kept = decoupled && weightDecay !== 0 ? mul(param, sub(1, mul(lr, weightDecay))) : param;
    return { param: sub(kept, change), slots: amsgrad ? { m, v, vMax } : { m, v } };
  },
};

/**
 * Adam (Kingma and Ba, arXiv 1412.6980), AdamW and AMSGrad, as `torch.optim.Adam` and `AdamW`. For
 * AdamW on one flat vector, which takes fewer passes on models of many arrays, see `adamw`.
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 *
 * @example
 * ```ts
 * import { adam } from "./mod.ts";
 *
 * // AdamW whose biases and norms do not decay, and whose embeddings do not move.
 * const optimizer = adam({
 *   decay: "decoupled",
 *   weightDecay: 0.01,
 *   groups: [
 *     { where: (path) => path.startsWith("embeddings."), settings: { frozen: true } },
 *     { where: (_, { shape }) => shape.length < 2, settings: { weightDecay: 0 } },
 *   ],
 * });
 * ```
 */
export function adam(
  { groups, ...settings }: AdamSettings & WithGroups<AdamSettings> = {},
): Optimizer {
  return optimizerOf(rule, settings, groups);
}
