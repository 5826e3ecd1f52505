// What an optimiser over trees of parameters is: pure functions, with groups of parameters.

import {
  add,
  asTensor,
  cast,
  mul,
  type NdArray,
  type Spec,
  type Tensor,
  type TensorLike,
  treeMap,
  zeros,
} from "../tensor/mod.ts";

/** Steps taken, float32 scalar, and trees of the parameters' form by name, e.g. the moments m and v. */
export type OptimizerState<P, L = Tensor> = {
  step: L;
  slots: { readonly [name: string]: P };
};

/** What varies from step to step. */
export interface StepOptions {
  /** Learning rate: a number, or a scalar tensor such as one element of `learningRates`. */
  lr: Tensor | number;
  /** Scalar factor on the gradients, e.g. from `clipFactor`. @default 1 */
  gradientScale?: Tensor | number;
}

/**
 * An optimiser. Parameters, gradients and state are plain trees, so that a step can be scanned,
 * differentiated or mapped over seeds like any function of tensors; a single vector is a tree too.
 */
export interface Optimizer {
  /** The state before the first step, on the host, for a tree of float arrays. */
  init<P>(params: P): OptimizerState<P, NdArray>;
  /** Parameters and state after one step along `gradients`. */
  step<P>(
    params: P,
    gradients: P,
    state: OptimizerState<P>,
    options: StepOptions,
  ): [P, OptimizerState<P>];
}

/** Settings of some parameters that differ from the optimiser's own. */
export interface ParameterGroup<S> {
  /** Which leaves belong to the group: by path, such as `blocks.0.mlp.up.w`, dtype and shape. */
  where: (path: string, leaf: Spec) => boolean;
  settings: Partial<S> & GroupSettings;
}

/** Settings that every optimiser's groups have. */
export interface GroupSettings {
  /** Factor on the learning rate. @default 1 */
  lrScale?: number;
  /** Keep these parameters and their state as they are. @default false */
  frozen?: boolean;
}

/** Options common to all optimisers. */
export interface WithGroups<S> {
  /** The first group that a leaf belongs to counts; other leaves have the optimiser's settings. */
  groups?: readonly ParameterGroup<S>[];
}

/** One leaf at one step. */
export interface LeafStep<S> {
  param: Tensor;
  gradient: Tensor;
  slots: LeafSlots;
  /** Number of this step, from 1, scalar of the parameter's dtype. */
  step: Tensor;
  /** Learning rate, scalar of the parameter's dtype. */
  lr: Tensor;
  settings: S;
}

/** The slots of a leaf by name. */
export type LeafSlots = Readonly<Record<string, Tensor>>;

/** A leaf after a step, and the slots that changed. */
export interface LeafUpdate {
  param: Tensor;
  slots: LeafSlots;
}

/** How one leaf is updated. */
export interface UpdateRule<S> {
  /** Names of the slots that these settings need. */
  slots: (settings: S) => readonly string[];
  /** What slots begin with. @default 0 */
  initial?: (settings: S) => number;
  update: (leaf: LeafStep<S>) => LeafUpdate;
}

/** An optimiser from the rule for one leaf. Slots that a leaf's settings do not use stay as they are. */
export function optimizerOf<S>(
  rule: UpdateRule<S>,
  settings: S,
  groups: readonly ParameterGroup<S>[] = [],
): Optimizer {
  const settingsOf = (path: string, leaf: Spec): S & GroupSettings => ({
    ...settings,
    ...groups.find(({ where }) => where(path, leaf))?.settings,
  });
  const all = [settings, ...groups.map((group) => ({ ...settings, ...group.settings }))];
  const names = [...new Set(all.flatMap((one) => rule.slots(one)))];
  return {
    init<P>(params: P) {
      const slot = (leaf: unknown, path: string): NdArray => {
        const { dtype, shape } = leaf as NdArray;
        const empty = zeros(shape, dtype);
        const value = rule.initial?.(settingsOf(path, empty)) ?? 0;
        if (value !== 0) (empty.data as Float32Array).fill(value);
        return empty;
      };
      const slots = Object.fromEntries(names.map((name) => [name, treeMap<P>(slot, params)]));
      return { step: zeros([]), slots };
    },
    step<P>(
      params: P,
      gradients: P,
      state: OptimizerState<P>,
      { lr, gradientScale }: StepOptions,
    ): [P, OptimizerState<P>] {
      const step = add(state.step, 1);
      const updateLeaf = (path: string, param: Tensor, given: TensorLike, held: LeafSlots) => {
        const { dtype } = param;
        const own = (value: TensorLike) => cast(asTensor(value, dtype), dtype);
        const { lrScale = 1, frozen = false, ...rest } = settingsOf(path, param);
        if (frozen) return { param, slots: held };
        const gradient = own(given), rate = own(lr);
        const update = rule.update({
          param,
          gradient: gradientScale === undefined ? gradient : mul(gradient, own(gradientScale)),
          slots: held,
          step: own(step),
          lr: lrScale === 1 ? rate : mul(rate, lrScale),
          settings: rest as unknown as S,
        });
        return { param: update.param, slots: { ...held, ...update.slots } };
      };
      // In the order of leaves.
      const updates: LeafUpdate[] = [];
      const next = treeMap<P>(
        (leaf, path, gradient, ...slots) => {
          const held = Object.fromEntries(names.map((name, i) => [name, asTensor(slots[i])]));
          const update = updateLeaf(path, asTensor(leaf), gradient, held);
          updates.push(update);
          return update.param;
        },
        params,
        gradients,
        ...names.map((name) => state.slots[name]),
      );
      const slotTree = (name: string): P => {
        let leaf = 0;
        return treeMap<P>(() => updates[leaf++].slots[name], params);
      };
      const slots = Object.fromEntries(names.map((name) => [name, slotTree(name)]));
      return [next, { step, slots }];
    },
  };
}
