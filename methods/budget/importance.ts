// Exponential averages of sensitivity and of its uncertainty, by which weights are ranked.

import {
  abs,
  add,
  div,
  type DType,
  equal,
  mul,
  type NdArray,
  sub,
  type Tensor,
  where,
  zeros,
} from "../tensor/mod.ts";

/** Settings of {@link importance}. */
export interface ImportanceSettings {
  /** β₁, weight of the past in the average Ī. @default 0.85 */
  beta1?: number;
  /**
   * β₂, weight of the past in the average Ū of |I − Ī|; the score is then Ī·Ū. None: the score is Ī
   * (what LoSparse's code calls β₂ = 1). @default none
   */
  beta2?: number;
  /**
   * Average I over windows of this many steps first, and let Ī follow when the next window begins, so
   * that it lags by one window. None: Ī has this step's I at once. @default none
   */
  window?: number;
}

/** Averages of some values [n], all 0 at the start; no bias correction. */
export type ImportanceState<L = Tensor> = {
  /** Ī. */
  mean: L;
  /** Ū, if there is a β₂. */
  deviation?: L;
  /** Mean of the window that is under way, if there are windows. */
  recent?: L;
};

/** Averages of sensitivities. */
export interface Importance {
  /** Zeros for `size` values, on the host. */
  init(size: number, dtype?: DType): ImportanceState<NdArray>;
  /**
   * The averages with I of one more step.
   *
   * @param sensitivity I, [n].
   * @param place of the step in its window, float scalar; of use with windows only.
   */
  update(state: ImportanceState, sensitivity: Tensor, place: Tensor): ImportanceState;
  /** Ī·Ū, or Ī where there is no β₂; [n]. */
  score(state: ImportanceState): Tensor;
}

function requireShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw new RangeError(`${name} is ${value}; it must be in [0, 1)`);
}

/** c·average + (1 − c)·value. */
function towards(average: Tensor, value: Tensor, c: number): Tensor {
  return add(mul(average, c), mul(value, 1 - c));
}

/**
 * Ī ← β₁Ī + (1 − β₁)I and Ū ← β₂Ū + (1 − β₂)|I − Ī| with the new Ī: equations 11 and 12 of AdaLoRA
 * (arXiv 2303.10512), after PLATON; with windows, LoSparse's smoothing.
 *
 * @throws RangeError for a β outside [0, 1) or a window that is no positive integer.
 */
export function importance(
  { beta1 = 0.85, beta2, window }: ImportanceSettings = {},
): Importance {
  requireShare("beta1", beta1);
  if (beta2 !== undefined) requireShare("beta2", beta2);
  if (window !== undefined && !(Number.isInteger(window) && window >= 1)) {
    throw new RangeError(`a window of ${window} steps; a positive integer is needed`);
  }
  const average = (state: ImportanceState, value: Tensor): ImportanceState => {
    const mean = towards(state.mean, value, beta1);
    if (beta2 === undefined) return { mean };
    return { mean, deviation: towards(state.deviation!, abs(sub(value, mean)), beta2) };
  };
  return {
    init: (size, dtype = "float32") => ({
      mean: zeros([size], dtype),
      ...(beta2 === undefined ? {} : { deviation: zeros([size], dtype) }),
      ...(window === undefined ? {} : { recent: zeros([size], dtype) }),
    }),
    update(state, sensitivity, place) {
      if (window === undefined) return average(state, sensitivity);
      const begins = equal(place, 0);
      const moved = average(state, state.recent!);
      const choose = (then: Tensor, otherwise: Tensor) => where(begins, then, otherwise);
      return {
        mean: choose(moved.mean, state.mean),
        ...(moved.deviation ? { deviation: choose(moved.deviation, state.deviation!) } : {}),
        // The running mean of a window begins with I itself, since place is 0 there.
        recent: div(add(mul(state.recent!, place), sensitivity), add(place, 1)),
      };
    },
    score: ({ mean, deviation }) => deviation ? mul(mean, deviation) : mean,
  };
}
