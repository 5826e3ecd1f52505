// Stochastic gradient descent with momentum, as torch.optim.SGD.

import { add, constant, equal, mul, sub, type Tensor, where } from "../tensor/mod.ts";
import {
  type LeafUpdate,
  type Optimizer,
  optimizerOf,
  type UpdateRule,
  type WithGroups,
} from "./optimizer.ts";
import { atLeast0, finite, flag } from "./settings.ts";

/** Settings of {@link sgd}. */
export interface SgdSettings {
  /** Share of the old velocity that stays. @default 0 */
  momentum?: number;
  /** Share of the gradient that the velocity leaves out, but for its first step. @default 0 */
  dampening?: number;
  /** Step along the gradient and the velocity to come (Nesterov's form). @default false */
  nesterov?: boolean;
  /** Coupled L2: this times the parameter is added to the gradient. @default 0 */
  weightDecay?: number;
}

const rule: UpdateRule<SgdSettings> = {
  name: "sgd",
  settings: { momentum: atLeast0, dampening: finite, nesterov: flag, weightDecay: atLeast0 },
  slots: ({ momentum = 0 }) => momentum === 0 ? [] : ["velocity"],
  update({ param, gradient, slots, step, lr, settings }): LeafUpdate {
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = settings;
    const g = withL2(gradient, param, weightDecay);
    if (momentum === 0) return { param: sub(param, mul(g, lr)), slots: {} };
    const share = (value: number) => constant(value, g.dtype);
    const fresh = dampening === 0
      ? g
      : mul(g, where(equal(step, 1), share(1), share(1 - dampening)));
    const velocity = add(mul(slots.velocity, momentum), fresh);
    const along = nesterov ? add(g, mul(velocity, momentum)) : velocity;
    return { param: sub(param, mul(along, lr)), slots: { velocity } };
  },
};

/** gradient + weightDecay · param. */
export function withL2(gradient: Tensor, param: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : add(gradient, mul(param, weightDecay));
}

/**
 * Gradient descent, with momentum (Polyak), Nesterov's form, dampening and coupled L2.
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 *
 * @example
 * ```ts
 * import { compile, matmul, mean, scan, square, sub, type Tensor, valueAndGrad, zeros } from "../tensor/mod.ts";
 * import { type OptimizerState, sgd } from "./mod.ts";
 *
 * type Params = { w: Tensor; b: Tensor };
 * type Batch = { x: Tensor; y: Tensor };
 * // The bias learns ten times as fast, and does not decay.
 * const optimizer = sgd({
 *   momentum: 0.9,
 *   weightDecay: 1e-4,
 *   groups: [{ where: (path) => path === "b", settings: { lrScale: 10, weightDecay: 0 } }],
 * });
 * const loss = (p: Params, { x, y }: Batch) => mean(square(sub(matmul(x, p.w), sub(y, p.b))));
 * const train = (params: Params, state: OptimizerState<Params>, batches: Batch) =>
 *   scan((carry: { params: Params; state: OptimizerState<Params> }, batch: Batch) => {
 *     const [value, gradients] = valueAndGrad(loss)(carry.params, batch);
 *     const [params, state] = optimizer.step(carry.params, gradients, carry.state, { lr: 0.1 });
 *     return [{ params, state }, value] as const;
 *   }, { params, state }, batches);
 * const params = { w: zeros([8]), b: zeros([]) };
 * const batches = { x: zeros([100, 32, 8]), y: zeros([100, 32]) };
 * const program = compile(train, [params, optimizer.init(params), batches]);
 * ```
 */
export function sgd(
  { groups, ...settings }: SgdSettings & WithGroups<SgdSettings> = {},
): Optimizer {
  return optimizerOf(rule, settings, groups);
}
