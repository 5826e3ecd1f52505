/** The configuration of the LoSparse experiment: one zod schema for every preset. */

import { z } from "zod";
import { METHODS } from "../../methods/losparse/study.ts";
import { STRUCTURES } from "../../methods/losparse/planted.ts";

/** The network and its data; see methods/losparse/planted.ts. */
export const sizes = z.strictObject({
  width: z.int().min(4).describe("d, width of the residual stream"),
  hidden: z.int().min(4),
  blocks: z.int().min(1),
  coherentRank: z.int().min(1).describe("rank of the coherent part of planted weights"),
  strongShare: z.number().gt(0).lt(1).describe("share of strong output neurons in planted weights"),
  shift: z.number().min(0).describe(
    "how far the target's weights are from the network's, relative",
  ),
  noise: z.number().min(0).describe("standard deviation of the labels' noise, relative"),
  train: z.int().min(16),
  test: z.int().min(16),
});

/** Training common to all methods. */
export const training = z.strictObject({
  steps: z.int().min(10),
  batch: z.int().min(1),
  warmup: z.int().min(0).describe("t_i, steps before pruning begins"),
  cooldown: z.int().min(0).describe("t_f, last steps, at the final budget"),
  every: z.int().min(1).describe("ΔT, steps between rankings and length of a window"),
});

/** A budget of all methods, in ranks of low rank alone, and LoSparse's share of it. */
export const budget = z.strictObject({
  rank: z.int().min(2),
  lowRank: z.int().min(1).describe("ranks of LoSparse's low-rank part; the rest are rows of S"),
});

/** One preset of stages/losparse/config.yaml. */
export const losparseConfig = z.strictObject({
  sizes,
  training,
  budgets: z.array(budget).min(1),
  tuned: z.int().min(2).describe("rank of the budget at which learning rates are chosen"),
  rates: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  calibration: z.array(z.int().min(0)).min(1).describe("seeds on which rates are chosen"),
  seeds: z.array(z.int().min(0)).min(1).describe("seeds that are reported"),
}).refine((c) => c.budgets.some(({ rank }) => rank === c.tuned), {
  path: ["tuned"],
  error: "must be the rank of one of the budgets",
}).refine((c) => c.budgets.every(({ rank, lowRank }) => lowRank < rank), {
  path: ["budgets"],
  error: "lowRank must be below rank, or nothing is left for S",
}).refine((c) => c.seeds.every((seed) => !c.calibration.includes(seed)), {
  path: ["seeds"],
  error: "must not be among the calibration seeds",
});

export const structureName = z.enum(STRUCTURES);
export const methodName = z.enum(METHODS);
