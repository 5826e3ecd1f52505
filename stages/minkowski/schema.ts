/** The configuration of the effective-dimension experiment: one zod schema for every preset. */

import { z } from "zod";
import { DESIGN_NAMES } from "../../methods/minkowski/designs.ts";
import { IMAGE_SETS } from "./data_packages.ts";

/** How networks are fitted; the same for all designs and sizes. */
export const fitSettings = z.strictObject({
  sizes: z.array(z.int().min(16)).min(3).describe("n, rising; samples of one seed are nested"),
  width: z.int().min(4).describe("units of each hidden layer"),
  hidden: z.int().min(1).default(3).describe("hidden layers"),
  steps: z.int().min(1).describe("steps of Adam"),
  batch: z.int().min(1).default(64),
  lr: z.number().positive().describe("peak rate; warm-up, then half a cosine to 0"),
  warmup: z.int().min(0).default(50).describe("steps"),
  interval: z.int().min(1).default(50).describe(
    "steps between validations; the weights of the least validation error are kept",
  ),
});

/** Rows besides the samples that are learned from. */
export const rowCounts = z.strictObject({
  fresh: z.int().min(64).describe("rows without noise of the fit that shows the optimiser's floor"),
  validation: z.int().min(16).describe(
    "noisy rows that choose the checkpoint; the same for each n, and not counted in n, so that the " +
      "luck of the choice does not bend the curve",
  ),
  test: z.int().min(16).describe("rows without noise that the error is taken on"),
});

/** Target, noise and fits. */
export const studySettings = z.strictObject({
  smoothness: z.number().multipleOf(0.5).min(0.5).describe("s, the target is a Matérn-s field"),
  lengthScale: z.number().positive().describe(
    "ℓ of the field; the first coordinate of a design has standard deviation 1",
  ),
  features: z.int().min(8).default(512).describe("random Fourier features of the field"),
  noise: z.number().min(0).describe("standard deviation of the noise over that of the target"),
  fit: fitSettings,
});

/** How curves become measures. */
export const measureRules = z.strictObject({
  floorFactor: z.number().min(1).default(1.25).describe(
    "sizes at which the mean error is below this many floors are left out of slopes",
  ),
  leastSizes: z.int().min(3).default(4).describe("fewest sizes that a slope is taken from"),
  comparedSize: z.int().describe("n at which errors are compared; one of the sizes"),
});

/** One preset of stages/minkowski/config.yaml. */
export const minkowskiConfig = z.strictObject({
  study: studySettings,
  rows: rowCounts,
  measures: measureRules,
  designs: z.array(z.enum(DESIGN_NAMES)).min(1),
  seeds: z.array(z.int().min(0)).min(1).describe("one target, sample and network each"),
  seedsPerNode: z.int().min(1).default(5).describe("seeds that one program fits at once"),
  images: z.strictObject({
    sets: z.array(z.enum(IMAGE_SETS)).describe("real designs, an exhibit beside the claims"),
    seeds: z.array(z.int().min(0)).min(1),
  }),
}).refine((c) => c.study.fit.sizes.includes(c.measures.comparedSize), {
  path: ["measures", "comparedSize"],
  error: "is none of study.fit.sizes",
}).refine((c) => c.study.fit.steps % c.study.fit.interval === 0, {
  path: ["study", "fit", "interval"],
  error: "does not divide study.fit.steps",
}).refine((c) => c.study.fit.sizes.every((n, i, all) => i === 0 || n > all[i - 1]), {
  path: ["study", "fit", "sizes"],
  error: "must rise",
});
export type MinkowskiConfig = z.output<typeof minkowskiConfig>;
