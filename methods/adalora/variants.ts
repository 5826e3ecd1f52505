// The method, its ablations and the two forms of LoRA as one list: ranks, rankings and trainings of each.

import { mul, type NdArray } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam, type Optimizer } from "../optim/mod.ts";
import type { Ranking } from "../budget/mod.ts";
import type { LoraAdapters } from "./doublets.ts";
import { orthogonality } from "./orthogonality.ts";
import { adaloraTraining, type AdapterTraining, adapterTraining } from "./training.ts";
import { singularValueGroups, type SvdAdapters } from "./triplets.ts";

/**
 * What is compared. `lora` and `svd_lora` have the final rank everywhere from the start;
 * `lora_initial` has the rank that AdaLoRA begins with; the others prune by another ranking, or
 * (`gamma_0`) without the penalty.
 */
export const ADAPTATIONS = [
  "adalora",
  "lora",
  "lora_initial",
  "svd_lora",
  "magnitude",
  "instant",
  "random",
  "gamma_0",
] as const;
export type Adaptation = typeof ADAPTATIONS[number];

/** Sizes of a study's adapters. */
export interface Allocation {
  /** r̄, mean final rank. */
  rank: number;
  /** r_init/r̄; a triplet budget falls from this to 1. */
  initial: number;
}

/** Whether adapters are LoRA's a b, not P Λ Q. */
export const isLora = (method: Adaptation): boolean =>
  method === "lora" || method === "lora_initial";

/** Rank of every map at the start. */
export function startingRank(method: Adaptation, { rank, initial }: Allocation): number {
  const fixed = method === "lora" || method === "svd_lora";
  return fixed ? rank : Math.round(initial * rank);
}

/** Triplets of all maps at the start and at the end, or null where nothing is pruned. */
export function tripletBudget(
  method: Adaptation,
  maps: number,
  allocation: Allocation,
): { initial: number; final: number } | null {
  if (isLora(method) || method === "svd_lora") return null;
  return { initial: maps * startingRank(method, allocation), final: maps * allocation.rank };
}

/** Training of P Λ Q by a method; gradients are clipped to norm 1. */
export function svdTraining<R>(
  method: Adaptation,
  like: SvdAdapters<NdArray>,
  gamma: number,
  optimizer: Optimizer = adam(),
): AdapterTraining<SvdAdapters, R> {
  if (method === "svd_lora") {
    const penalty = (adapters: SvdAdapters) => mul(orthogonality(adapters), gamma);
    return adapterTraining<SvdAdapters, R>({ like, optimizer, clip: 1, penalty });
  }
  const rankings: Partial<Record<Adaptation, Ranking>> = {
    magnitude: { by: "magnitude" },
    instant: { by: "instant" },
    random: { by: "given" },
  };
  return adaloraTraining<R>({
    like,
    optimizer,
    gamma: method === "gamma_0" ? 0 : gamma,
    ranking: rankings[method],
    groups: method === "magnitude" ? singularValueGroups(like) : undefined,
  });
}

/** Training of a b; gradients are clipped to norm 1. */
export function loraTraining<R>(
  like: LoraAdapters<NdArray>,
  optimizer: Optimizer = adam(),
): AdapterTraining<LoraAdapters, R> {
  return adapterTraining<LoraAdapters, R>({ like, optimizer, clip: 1 });
}

/** Lots of `count` triplets for `random`, nothing for the others: what their training's `init` takes. */
export function lotsOf(method: Adaptation, count: number, seed: number): { scores?: NdArray } {
  return method === "random" ? { scores: stream(seed, "lots").uniform([count]) } : {};
}
