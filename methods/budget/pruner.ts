// One step of pruning to a budget: sensitivities, averages, ranking, mask. AdaLoRA and LoSparse share it.

import {
  abs,
  add,
  cast,
  cond,
  constant,
  type DType,
  equal,
  fromNumbers,
  greater,
  mul,
  type NdArray,
  neg,
  ones,
  ravel,
  reduceMax,
  reduceMin,
  sum,
  type Tensor,
  treeMap,
  where,
  zeros,
} from "../tensor/mod.ts";
import { importance, type ImportanceSettings, type ImportanceState } from "./importance.ts";
import { keepTop, type KeepTopOptions } from "./keep_top.ts";
import type { BudgetPlan } from "./plan.ts";

/** How a tree of parameters P is cut into groups that are kept or zeroed whole. */
export interface Groups<P> {
  /** N, groups in all. */
  readonly count: number;
  /** Units of the budget that each costs [N]. @default all 1 */
  readonly sizes?: readonly number[];
  /** Entries of P in all. */
  readonly entries: number;
  /** Scores of groups [N] from scores of entries, linear in them. */
  pool(entries: P): Tensor;
  /** The parameters with groups of mask 0 zeroed; `mask` [N] of the parameters' dtype. */
  apply(params: P, mask: Tensor): P;
  /** Groups with an entry that is not 0, bool [N]. */
  alive(params: P): Tensor;
}

/**
 * What ranks groups. `sensitivity`: averages of |w ∂L/∂w| (`importance`); `instant`: this step's
 * |w ∂L/∂w| alone; `magnitude`: |w|, pooled; `movement`: −Σ w ∂L/∂w over all steps (Sanh et al., arXiv
 * 2005.07683, equation 5), pooled; `given`: fixed scores [N], such as random ones.
 */
export type Ranking =
  | ({ by: "sensitivity" } & ImportanceSettings)
  | { by: "instant" }
  | { by: "magnitude" }
  | { by: "movement" }
  | { by: "given" };

/** Settings of {@link pruner}. */
export interface PrunerSettings {
  ranking: Ranking;
  /** @default "within" */
  boundary?: KeepTopOptions["boundary"];
}

/** What a pruner remembers. */
export type PrunerState<L = Tensor> = {
  /** 1 for groups that are kept, 0 for the others, as of the last ranking; [N]. */
  mask: L;
  /**
   * What ranks: averages of all entries with β₂, else one value a group, since averages without β₂
   * and means over groups may change places.
   */
  memory: ImportanceState<L>;
};

/** What a step reports; scalars. */
export type PrunerTrace<L = Tensor> = {
  /** Groups that the mask keeps, int32. */
  kept: L;
  /** Units that the mask keeps, int32. */
  units: L;
  /** Groups that are not all 0 after the step, int32: what was realised. */
  alive: L;
  /** Whether the last group kept and the first dropped have equal scores: the index decided. */
  tied: L;
};

/** The parameters on both sides of the optimiser's step. */
export interface PrunerInput<P> {
  /** Parameters whose sensitivity is taken; before the optimiser's step or after it. */
  weights: P;
  gradients: P;
  /** Factor of the clipping, scalar: sensitivities are of gradients as the optimiser used them. */
  gradientScale?: Tensor;
  /** Parameters after the optimiser's step, which are masked. */
  params: P;
}

/** Prunes a tree P step by step. */
export interface Pruner<P> {
  /**
   * The state before the first step, all groups kept.
   *
   * @param scores [N], for a ranking by given scores only.
   */
  init(options?: { dtype?: DType; scores?: NdArray }): PrunerState<NdArray>;
  /** Parameters and state after one step. */
  step(
    state: PrunerState,
    input: PrunerInput<P>,
    plan: BudgetPlan<Tensor>,
  ): [P, PrunerState, PrunerTrace];
  /** Scores of the groups, higher is kept, [N]. */
  scores(state: PrunerState, params: P): Tensor;
}

/** What of w and ∂L/∂w enters the memory, by kind of ranking. */
function entriesOf<P>(ranking: Ranking, { weights, gradients, params }: PrunerInput<P>): P {
  switch (ranking.by) {
    case "magnitude":
      return treeMap<P>((w) => abs(w), params);
    case "movement":
      return treeMap<P>((w, _, g) => neg(mul(w, g)), weights, gradients);
    default:
      return treeMap<P>((w, _, g) => abs(mul(w, g)), weights, gradients);
  }
}

/** A pruner of groups by a ranking. */
export function pruner<P>(groups: Groups<P>, { ranking, boundary }: PrunerSettings): Pruner<P> {
  const averages = ranking.by === "sensitivity" ? importance(ranking) : null;
  const byEntries = ranking.by === "sensitivity" && ranking.beta2 !== undefined;
  const { count, sizes } = groups;

  const learn = (memory: ImportanceState, input: PrunerInput<P>, place: Tensor) => {
    if (ranking.by === "given") return memory;
    const entries = entriesOf(ranking, input);
    const raw = byEntries ? ravel(entries).flat : groups.pool(entries);
    const scaled = ranking.by !== "magnitude" && input.gradientScale;
    const value = scaled ? mul(raw, scaled) : raw;
    if (averages) return averages.update(memory, value, place);
    return { mean: ranking.by === "movement" ? add(memory.mean, value) : value };
  };
  const scores = ({ memory }: PrunerState, params: P): Tensor => {
    const score = averages ? averages.score(memory) : memory.mean;
    return byEntries ? groups.pool(ravel(params).unravel(score)) : score;
  };

  return {
    scores,
    init({ dtype = "float32", scores } = {}) {
      if ((ranking.by === "given") !== (scores !== undefined)) {
        throw new TypeError("scores go with a ranking by given scores, and with no other");
      }
      const size = byEntries ? groups.entries : count;
      const memory = scores
        ? { mean: scores }
        : averages?.init(size, dtype) ?? { mean: zeros([size], dtype) };
      return { mask: ones([count], dtype), memory };
    },
    step(state, input, plan) {
      const { dtype } = state.mask;
      const memory = cond(
        plan.learn,
        (memory: ImportanceState) => learn(memory, input, cast(plan.place, dtype)),
        (memory: ImportanceState) => memory,
        state.memory,
      );
      const ranked = scores({ mask: state.mask, memory }, input.params);
      const mask = cond(
        plan.rank,
        () => cast(keepTop(ranked, plan.keep, { sizes, boundary }), dtype),
        () => state.mask,
      );
      const params = groups.apply(input.params, where(plan.apply, mask, 1));
      return [params, { mask, memory }, report(mask, ranked, groups.alive(params), sizes)];
    },
  };
}

/** Counts, and whether the worst group kept and the best dropped have one score. */
function report(
  mask: Tensor,
  scores: Tensor,
  alive: Tensor,
  sizes?: readonly number[],
): PrunerTrace {
  const kept = greater(mask, 0);
  const counted = cast(kept, "int32");
  const units = sizes ? mul(counted, constant(fromNumbers(sizes, mask.shape, "int32"))) : counted;
  const worstKept = reduceMin(where(kept, scores, Infinity));
  const bestDropped = reduceMax(where(kept, -Infinity, scores));
  return {
    kept: sum(counted),
    units: sum(units),
    alive: sum(cast(alive, "int32")),
    tied: equal(worstKept, bestDropped),
  };
}
