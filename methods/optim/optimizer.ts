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
import { told } from "./refusal.ts";
import { requireOptions, type SettingRules } from "./settings.ts";
import { INIT, stepChecks } from "./step_checks.ts";

/** How to mend gradients that do not fit. */
const GRADIENTS = "take grad() or valueAndGrad() of a loss of these parameters";

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
  /**
   * The state before the first step, on the host, for a tree of float arrays.
   *
   * @throws TensorError `dtype` for a leaf that is no float and not frozen; `argument` for a group that
   *   no leaf belongs to.
   */
  init<P>(params: P): OptimizerState<P, NdArray>;
  /**
   * Parameters and state after one step along `gradients`. Every leaf of the gradients and of the
   * state's slots has the shape and dtype of its parameter (gradients of float16 parameters may be
   * float32).
   *
   * @throws TensorError `shape` or `dtype` naming the leaf that has another; `tree` for trees of another
   *   form; `argument` for the state of another optimiser, for options that are missing or unknown, and
   *   for a group that no leaf belongs to.
   */
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
  /** What messages call the optimiser. @default "optimizer" */
  name?: string;
  /** What the settings may be. @default anything */
  settings?: SettingRules<S>;
  /** Names of the slots that these settings need. */
  slots: (settings: S) => readonly string[];
  /** What slots begin with. @default 0 */
  initial?: (settings: S) => number;
  update: (leaf: LeafStep<S>) => LeafUpdate;
}

/**
 * An optimiser from the rule for one leaf. Slots that a leaf's settings do not use stay as they are.
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 */
export function optimizerOf<S>(
  rule: UpdateRule<S>,
  settings: S,
  groups: readonly ParameterGroup<S>[] = [],
): Optimizer {
  const { name = "optimizer" } = rule;
  told(requireOptions)(name, settings as object, groups, rule.settings);
  const checks = stepChecks(name);
  const all = [settings, ...groups.map((group) => ({ ...settings, ...group.settings }))];
  const names = [...new Set(all.flatMap((one) => rule.slots(one)))];
  /** The settings of each leaf. A group without leaves is most likely a misspelt path. */
  const settingsOf = (leaves: readonly (readonly [path: string, leaf: Spec])[]) => {
    const empty = new Set(groups);
    const found = leaves.map(([path, leaf]): S & GroupSettings => {
      const own = groups.filter((group) => group.where(path, leaf));
      own.forEach((group) => empty.delete(group));
      return { ...settings, ...own[0]?.settings };
    });
    for (const group of empty) {
      const paths = leaves.slice(0, 8).map(([path]) => path === "" ? "(one tensor)" : path);
      const more = leaves.length > 8 ? ", …" : "";
      checks.fail(
        "argument",
        `no parameter belongs to groups[${groups.indexOf(group)}]; mend its where() or leave it ` +
          `out; the parameters are ${paths.join(", ")}${more}`,
      );
    }
    return found;
  };
  return {
    init: told(<P>(params: P) => {
      const leaves = checks.params(params);
      const each = settingsOf(leaves);
      leaves.forEach(([path, leaf], i) => {
        if (!each[i].frozen) checks.floats(path, leaf);
      });
      const slotTree = (): P => {
        let i = 0;
        return treeMap<P>(() => {
          const [, { shape, dtype }] = leaves[i], settings = each[i++];
          const empty = zeros(shape, dtype);
          const value = rule.initial?.(settings) ?? 0;
          if (value !== 0 && !settings.frozen) (empty.data as Float32Array).fill(value);
          return empty;
        }, params);
      };
      const slots = Object.fromEntries(names.map((name) => [name, slotTree()]));
      return { step: zeros([]), slots };
    }),
    step: told(<P>(
      params: P,
      gradients: P,
      state: OptimizerState<P>,
      options: StepOptions,
    ): [P, OptimizerState<P>] => {
      checks.state(state, names, options);
      checks.options(options, ["lr", "gradientScale"]);
      const { lr, gradientScale } = options;
      const leaves = checks.params(params), paths = leaves.map(([path]) => path);
      const each = settingsOf(leaves);
      const along = checks.leaves("gradients", gradients, paths, GRADIENTS);
      const held = names.map((slot) =>
        checks.leaves(`state's slots ${slot}`, state.slots[slot], paths, INIT)
      );
      const step = add(state.step, 1);
      const updateLeaf = (i: number, param: Tensor, slots: LeafSlots) => {
        const { dtype } = param, path = paths[i];
        const own = (value: TensorLike) => cast(asTensor(value, dtype), dtype);
        const { lrScale = 1, frozen = false, ...rest } = each[i];
        if (frozen) return { param, slots };
        checks.floats(path, param);
        checks.like("gradient", path, param, along[i], GRADIENTS, true);
        names.forEach((slot) => checks.like(`slot ${slot}`, path, param, slots[slot], INIT));
        const gradient = own(along[i]), rate = own(lr);
        const update = rule.update({
          param,
          gradient: gradientScale === undefined ? gradient : mul(gradient, own(gradientScale)),
          slots,
          step: own(step),
          lr: lrScale === 1 ? rate : mul(rate, lrScale),
          settings: rest as unknown as S,
        });
        return { param: update.param, slots: { ...slots, ...update.slots } };
      };
      const updates = leaves.map(([, leaf], i) => {
        const slots = Object.fromEntries(names.map((name, j) => [name, asTensor(held[j][i])]));
        return updateLeaf(i, asTensor(leaf), slots);
      });
      const treeOf = (pick: (update: LeafUpdate) => Tensor): P => {
        let i = 0;
        return treeMap<P>(() => pick(updates[i++]), params);
      };
      const slots = Object.fromEntries(
        names.map((name) => [name, treeOf((update) => update.slots[name])]),
      );
      return [treeOf(({ param }) => param), { step, slots }];
    }),
  };
}
