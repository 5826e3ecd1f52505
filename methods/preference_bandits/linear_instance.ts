/** Bandits whose rewards are linear in known features, and the instances that the experiments use. */

import type { Stream } from "../tensor/random.ts";
import type { BanditInstance } from "./instance.ts";
import { dot, norm } from "./vectors.ts";

/**
 * Rewards r(s, a) = φ(s, a)ᵀθ* + constant. Comparisons never see the constant, nor a direction that is
 * common to all features: the features here are written without such a direction (the gauge is fixed).
 */
export interface LinearInstance extends Pick<BanditInstance, "contexts" | "rewards"> {
  /** d. */
  readonly dimension: number;
  /** φ(s, a): S rows of A vectors of length d. */
  readonly features: readonly (readonly Float64Array[])[];
  /** θ* of the true rewards. Biased comparisons estimate the parameter of h̄∘r instead. */
  readonly parameter: Float64Array;
  /**
   * v, the reference vector of pessimism, in the span of compared differences plus some φ-average, so
   * that E_s φ(s, π(s)) − v is a direction that data can inform. Length d.
   */
  readonly reference: Float64Array;
}

/**
 * A tabular instance with two arms in each context as a linear one: one coordinate for a context,
 * φ(s, 0) = +½e_s and φ(s, 1) = −½e_s, θ*_s = r(s, 0) − r(s, 1). A one-hot feature for each (s, a) would
 * leave one direction for each context that no comparison sees, and a singular Σ_D.
 * The reference is the average over both arms, 0.
 */
export function twoArmFeatures(
  instance: Pick<BanditInstance, "contexts" | "rewards">,
): LinearInstance {
  const d = instance.contexts.length;
  const unit = (s: number, value: number) => {
    const e = new Float64Array(d);
    e[s] = value;
    return e;
  };
  return {
    contexts: instance.contexts,
    rewards: instance.rewards,
    dimension: d,
    features: instance.contexts.map((_, s) => [unit(s, 0.5), unit(s, -0.5)]),
    parameter: Float64Array.from(instance.rewards, ([first, second]) => first - second),
    reference: new Float64Array(d),
  };
}

/**
 * Uniformly likely contexts with features on the unit sphere, ‖θ*‖ = `size`; rewards are shifted and
 * scaled nowhere, so they lie in [−size, size]. The reference is the mean feature of uniform choice.
 */
export function randomInstance(
  stream: Stream,
  a: {
    readonly contexts: number;
    readonly arms: number;
    readonly dimension: number;
    readonly size: number;
  },
): LinearInstance {
  const direction = () => {
    const x = Float64Array.from({ length: a.dimension }, () => stream.nextNormal());
    const length = norm(x);
    return x.map((v) => v / length);
  };
  const parameter = direction().map((v) => v * a.size);
  const features = Array.from(
    { length: a.contexts },
    () => Array.from({ length: a.arms }, direction),
  );
  const reference = new Float64Array(a.dimension);
  for (const phi of features.flat()) {
    phi.forEach((v, j) => reference[j] += v / (a.contexts * a.arms));
  }
  return {
    contexts: features.map(() => 1 / a.contexts),
    rewards: features.map((row) => row.map((phi) => dot(phi, parameter))),
    dimension: a.dimension,
    features,
    parameter,
    reference,
  };
}

/**
 * One context, four actions, on which greedy choice by the MLE fails for every sample size while
 * pessimism does not. Zhu, Jordan and Jiao (2023), theorem 3.9, state that such an instance exists; this
 * one is our reconstruction from the mechanism, not a copy of theirs.
 *
 * Rewards −0.9, −1, 0, 0.1 with d = 3 and θ* = (−1, 0.1, 0.9), whose coordinates sum to 0. The third
 * coordinate appears in no feature: it only fixes the gauge, and is left out here (d = 2). Action 3 is
 * the best. Comparing actions 0 and 1 informs the second coordinate, which separates action 3 from
 * action 2; the first coordinate, on which actions 0 and 1 depend, is informed by comparing 1 with 2
 * alone. When that happens once only, the less likely answer (probability 0.27) sends its estimate to
 * the boundary, and greedy choice to an action that loses 1. The reference is action 2, the zero vector.
 */
export function fourActionInstance(): LinearInstance {
  const features = [[1, 1], [1, 0], [0, 0], [0, 1]].map((phi) => Float64Array.from(phi));
  const parameter = Float64Array.from([-1, 0.1]);
  return {
    contexts: [1],
    rewards: [features.map((phi) => dot(phi, parameter))],
    dimension: 2,
    features: [features],
    parameter,
    reference: new Float64Array(2),
  };
}
