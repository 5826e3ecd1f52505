/** The configuration of the PANDA experiments: one zod schema for every preset, with defaults and reasons. */

import { z } from "zod";
import { MODELS } from "../../methods/panda/populations.ts";
import { METHODS } from "../../methods/panda/replicate.ts";

/** One cell of the paper's tables: a population and how often it is sampled. */
export const cell = z.strictObject({
  model: z.enum(MODELS).describe("a to e of section 5.1, and variants of b; see populations.ts"),
  p: z.int().min(10).describe("dimension"),
  s: z.int().min(1).default(5).describe(
    "nonzero coordinates of β*; approximately_sparse has no such number",
  ),
  n: z.int().min(10).default(200).describe("observations of each class, for training"),
  replicates: z.int().min(1),
  methods: z.array(z.enum(METHODS)).min(1).optional().describe(
    "left out: those of the whole configuration",
  ),
});
export type Cell = z.output<typeof cell>;

/** Choices that all simulations share. */
export const tuning = z.strictObject({
  gridStep: z.number().positive().default(0.1).describe("λ̃ = step, 2 step, …; the paper: 0.1"),
  gridTo: z.number().positive().default(8).describe("largest λ̃; the paper: 8"),
  c: z.number().positive().default(20).describe("weight of τ²; the paper: 20"),
  adaLdaUnit: z.enum(["plain", "rate"]).default("rate").describe(
    "AdaLDA's λ is λ̃ or λ̃ √(log p / n); the paper gives one grid for all three methods",
  ),
  patience: z.number().positive().default(0.05).describe(
    "a path is left when its validation error exceeds the best by so much; where it does, solutions " +
      "are dense and overfitted",
  ),
});
export type Tuning = z.output<typeof tuning>;

/** λ̃ of the sensitivity study: evenly spaced logarithms, since the slope of log λ̃ is what is asked. */
export const logGrid = z.strictObject({
  from: z.number().positive(),
  to: z.number().positive(),
  points: z.int().min(2),
});

export const sensitivity = z.strictObject({
  model: z.enum(MODELS),
  p: z.int().min(10),
  s: z.int().min(1).default(5),
  n: z.int().min(10).default(200),
  scales: z.array(z.number().positive()).min(2).default([1, 2, 4]).describe("η, factors of β*"),
  grid: logGrid,
  replicates: z.int().min(1),
});
export type Sensitivity = z.output<typeof sensitivity>;

export const penalty = z.strictObject({
  model: z.enum(MODELS),
  p: z.int().min(10),
  s: z.int().min(1).default(5),
  n: z.int().min(10).default(200),
  penalties: z.array(z.number().positive()).min(2).describe("values of c; table 1: 10⁻³ to 100"),
  lambda: z.number().positive().default(0.5).describe("λ̃ that is the same for all c"),
  replicates: z.int().min(1),
});
export type Penalty = z.output<typeof penalty>;

export const rate = z.strictObject({
  model: z.enum(MODELS),
  p: z.int().min(10),
  s: z.int().min(1).default(5),
  sizes: z.array(z.int().min(10)).min(2).describe("n of each class"),
  lambda: z.number().positive().describe("λ̃, the same for all n"),
  replicates: z.int().min(1),
});
export type Rate = z.output<typeof rate>;

/** How one data set of gene expressions is split, filtered and classified. */
export const genes = z.strictObject({
  file: z.string().nullable().default(null).describe(
    "CSV, gzipped, one sample a line: name, class, values; null: the file in stages/panda/data",
  ),
  transform: z.enum(["none", "log2"]).default("none").describe(
    "neither σ̂_max nor ‖β‖₁ is invariant to scale, so this choice matters; the paper says nothing",
  ),
  varianceParts: z.int().min(3).nullable().default(null).describe(
    "drop the genes in the lowest and the highest of so many quantiles of variance; null: none",
  ),
  keep: z.int().min(2).describe("genes kept by their t or F statistic on the training part"),
  validationShare: z.number().gt(0).lt(0.5).default(0.2),
  testShare: z.number().gt(0).lt(0.5).default(0.2),
  splits: z.int().min(1),
});
export type Genes = z.output<typeof genes>;

/** One preset of stages/panda/config.yaml. */
export const pandaConfig = z.strictObject({
  firstSeed: z.int().min(0).default(1).describe(
    "replicates have seeds firstSeed, firstSeed + 1, …",
  ),
  populationSeed: z.int().default(1).describe("of the random covariances of models b, c and d"),
  chunk: z.int().min(1).default(20).describe("replicates in one stage process"),
  methods: z.array(z.enum(METHODS)).min(1).default([...METHODS]),
  tuning: tuning.prefault({}),
  cells: z.array(cell).min(1),
  sensitivity: z.array(sensitivity),
  penalty: penalty,
  rate: rate,
  theory: cell.omit({ methods: true }),
  leukemia: genes,
  srbct: genes,
});
export type PandaConfig = z.output<typeof pandaConfig>;
