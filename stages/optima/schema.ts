/** The configuration of the OPTIMA experiment: one zod schema for every preset, with defaults and reasons. */

import { z } from "zod";
import { prepareDataParams } from "./prepare_data.ts";
import { CONDITIONS } from "../../methods/optima/condition.ts";
import { POLICIES } from "../../methods/optima/policies.ts";

/** Shape of a CoCa-mini; see methods/nn/coca.ts. */
export const modelShape = z.strictObject({
  width: z.int().min(8).describe("d, the width of all three modules"),
  heads: z.int().min(1),
  imageLayers: z.int().min(1),
  textLayers: z.int().min(1),
  multimodalLayers: z.int().min(1),
  imageQueries: z.int().min(1).default(8).describe(
    "pooled image tokens that the decoder attends to",
  ),
  embed: z.int().min(8).describe("dimension of the contrastive embeddings"),
  patch: z.int().min(1).default(8),
});

/** AdamW with linear warm-up and cosine decay. */
export const optimiser = z.strictObject({
  lr: z.number().positive(),
  warmup: z.int().min(0).describe("steps"),
  weightDecay: z.number().min(0).default(0.01),
  clip: z.number().positive().default(1).describe("global gradient norm"),
});

/** What the student's training minimises; each open choice of the paper is a field here. */
export const objective = z.strictObject({
  taskWeight: z.number().min(0).default(1),
  contrastiveWeight: z.number().min(0).default(1).describe("CoCa: 1 (open_clip)"),
  captioningWeight: z.number().min(0).default(2).describe("CoCa: 2 (open_clip)"),
  kdWeight: z.number().min(0).default(1).describe(
    "weight of T²·KL between teacher's and student's image–text similarities",
  ),
  kdTemperature: z.number().positive().default(2).describe("2 in the authors' LWD code"),
  kdTeacherScale: z.number().positive().default(20).describe(
    "inverse temperature of the teacher's similarities; fixed, so that the target does not depend " +
      "on the sharpness that the teacher happened to learn",
  ),
  layerWeight: z.number().min(0).default(10).describe("weight of the layer-wise losses"),
  updates: z.enum(["module", "student"]).default("module").describe(
    "what a pull changes: the pulled module alone, or the whole student. With the latter, the match " +
      "of a module was seen to go while others were pulled; leftover momentum may be one cause",
  ),
});

export const banditOptions = z.strictObject({
  discount: z.number().gt(0).max(1).describe("γ; the paper's value is not known"),
  noiseMemory: z.number().min(0).lt(1).default(0.95),
  pullSteps: z.int().min(1).describe("P, optimiser steps a pull"),
  reward: z.enum(["relative_total", "absolute_total", "relative_own"]).default("relative_total")
    .describe(
      "decrement of the probe loss: over all modules relative to its value (captures effects " +
        "across modules), absolute, or of the pulled module alone",
    ),
  probeSize: z.int().min(8).default(96).describe("validation items; a fixed batch, or noise wins"),
});

export const policyName = z.enum(POLICIES);
export const conditionName = z.enum(CONDITIONS);

export const teacherConfig = z.strictObject({
  model: modelShape,
  optimiser,
  steps: z.int().min(1),
  batch: z.int().min(4),
  dropout: z.number().min(0).max(0.5).default(0.1),
  shift: z.int().min(0).max(8).default(2).describe("augmentation: largest shift in pixels"),
  seed: z.int().default(0),
  cores: z.int().min(1).default(2),
});

export const studentConfig = z.strictObject({
  model: modelShape,
  pretrainSteps: z.int().min(0).describe("task-only steps that stand for the pre-trained student"),
  presolveSteps: z.int().min(0).describe(
    "wasted arm: text-only distillation before the experiment",
  ),
});

export const distillConfig = z.strictObject({
  steps: z.int().min(1),
  batch: z.int().min(4),
  optimiser,
  objective: objective.prefault({}),
  bandit: banditOptions,
  evaluateEvery: z.int().min(1).describe("pulls between points of the held-out curve"),
  curveItems: z.int().min(16).default(256).describe("held-out items behind each curve point"),
});

/** One preset of stages/optima/config.yaml. */
export const optimaConfig = z.strictObject({
  data: prepareDataParams.prefault({}),
  teacher: teacherConfig,
  student: studentConfig,
  distill: distillConfig,
  conditions: z.array(conditionName).min(1),
  policies: z.array(policyName).min(1),
  seeds: z.array(z.int().min(0)).min(1),
  sampleImages: z.int().min(0).default(8),
});
export type OptimaConfig = z.output<typeof optimaConfig>;
