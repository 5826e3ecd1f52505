// Dynamic loss scaling, for training in float16: gradients stay in range, bad steps are skipped.

import {
  add,
  all,
  asTensor,
  cast,
  div,
  equal,
  isFinite,
  logicalAnd,
  logicalNot,
  mul,
  type NdArray,
  type Tensor,
  TensorError,
  treeLeaves,
  treeMap,
  where,
} from "../tensor/mod.ts";

/** The factor on the loss, and finite steps since it last changed; float32 scalars. */
export type LossScale<L = Tensor> = { scale: L; steps: L };

/** Settings of {@link lossScaling}; the defaults are those of `torch.amp.GradScaler`. */
export interface LossScalingSettings {
  /** First scale. @default 65536 */
  initial?: number;
  /** Factor after `interval` finite steps in a row. @default 2 */
  growth?: number;
  /** Factor after a step that is not finite. @default 0.5 */
  backoff?: number;
  /** @default 2000 */
  interval?: number;
}

/** Dynamic loss scaling as pure functions. */
export interface LossScaling {
  /** The state before the first step, on the host. */
  init(): LossScale<NdArray>;
  /** loss · scale: what to differentiate; float32 where the loss is float16, which would overflow. */
  scaleLoss(loss: Tensor, state: LossScale): Tensor;
  /**
   * Gradients of the scaled loss divided by the scale, float16 ones as float32, and whether all are
   * finite (bool scalar).
   */
  unscale<P>(gradients: P, state: LossScale): { gradients: P; finite: Tensor };
  /** The state after a step. */
  update(state: LossScale, finite: Tensor): LossScale;
}

const widened = (x: Tensor) => x.dtype === "float16" ? cast(x, "float32") : x;

/**
 * Whether every element of a tree is neither infinite nor NaN; bool scalar.
 *
 * @throws TensorError `tree` for a tree without leaves.
 */
export function allFinite(tree: unknown): Tensor {
  const each = treeLeaves(tree).map(({ leaf }) => all(isFinite(leaf)));
  if (each.length === 0) throw new TensorError("tree", "allFinite: the tree has no leaves");
  return each.reduce((both, one) => logicalAnd(both, one));
}

/** `a` where the bool scalar `condition` holds, else `b`; trees of one form. */
export function selectTree<P>(condition: Tensor, a: P, b: P): P {
  return treeMap<P>((leaf, _, other) => where(condition, leaf, other), a, b);
}

/**
 * Dynamic loss scaling (Micikevicius et al., arXiv 1710.03740, section 3.2).
 *
 * @example
 * ```ts
 * import { type Tensor, valueAndGrad } from "../tensor/mod.ts";
 * import { adam, type LossScale, lossScaling, type OptimizerState, selectTree } from "./mod.ts";
 *
 * type Params = { w: Tensor };
 * type Carry = { params: Params; state: OptimizerState<Params>; scale: LossScale };
 * const scaling = lossScaling(), optimizer = adam();
 * const step = (loss: (params: Params) => Tensor, { params, state, scale }: Carry): Carry => {
 *   const scaled = (p: Params) => scaling.scaleLoss(loss(p), scale);
 *   const [, raw] = valueAndGrad(scaled)(params);
 *   const { gradients, finite } = scaling.unscale(raw, scale);
 *   const [next, nextState] = optimizer.step(params, gradients, state, { lr: 1e-3 });
 *   const kept = selectTree(finite, { params: next, state: nextState }, { params, state });
 *   return { ...kept, scale: scaling.update(scale, finite) };
 * };
 * ```
 */
export function lossScaling(
  { initial = 65536, growth = 2, backoff = 0.5, interval = 2000 }: LossScalingSettings = {},
): LossScaling {
  const scalar = (value: number): NdArray => ({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(value),
  });
  return {
    init: () => ({ scale: scalar(initial), steps: scalar(0) }),
    scaleLoss: (loss, { scale }) => {
      const wide = widened(loss);
      return mul(wide, cast(scale, wide.dtype));
    },
    unscale<P>(gradients: P, { scale }: LossScale) {
      const finite = allFinite(gradients);
      return {
        gradients: treeMap<P>((leaf) => {
          const g = widened(asTensor(leaf));
          return div(g, cast(scale, g.dtype));
        }, gradients),
        finite,
      };
    },
    update({ scale, steps }, finite) {
      const grown = equal(add(steps, 1), interval);
      const larger = mul(scale, growth);
      // As in torch, a scale that would overflow stays.
      const next = where(logicalAnd(grown, allFinite(larger)), larger, scale);
      return {
        scale: where(finite, next, mul(scale, backoff)),
        steps: where(logicalAnd(finite, logicalNot(grown)), add(steps, 1), 0),
      };
    },
  };
}
