/** The configuration of the AdaLoRA experiment: one zod schema for every preset. */

import { z } from "zod";
import { NEEDS } from "../../methods/adalora/planted.ts";

/** The network and its data; see methods/adalora/planted.ts. */
export const sizes = z.strictObject({
  width: z.int().min(4).describe("d, of the residual stream and of hidden layers"),
  blocks: z.int().min(2).multipleOf(2).describe("blocks of two maps"),
  update: z.number().positive().describe("norm of the target's updates over that of the weights"),
  train: z.int().min(16),
  test: z.int().min(16),
});

/** Training common to all methods. */
export const training = z.strictObject({
  steps: z.int().min(10),
  batch: z.int().min(1),
  warmup: z.int().min(0).describe("t_i, steps before the budget falls"),
  cooldown: z.int().min(0).describe("t_f, last steps, with the mask frozen"),
  every: z.int().min(1).describe("ΔT, steps between rankings"),
  gamma: z.number().min(0).describe("γ, weight of the orthogonality penalty"),
  scale: z.number().positive().describe("factor on ΔW, the same for every method and rank"),
});

/** One preset of stages/adalora/config.yaml. */
export const adaloraConfig = z.strictObject({
  sizes,
  training,
  ranks: z.array(z.int().min(1)).min(1).describe("r̄, mean final ranks"),
  initial: z.number().min(1).describe("r_init/r̄; the paper uses 1.5 to 2"),
  tuned: z.int().min(1).describe("r̄ at which learning rates are chosen"),
  rates: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  calibration: z.array(z.int().min(0)).min(1).describe("seeds on which rates are chosen"),
  seeds: z.array(z.int().min(0)).min(1).describe("seeds that are reported"),
}).refine((c) => c.seeds.every((seed) => !c.calibration.includes(seed)), {
  path: ["seeds"],
  error: "must not be among the calibration seeds",
});

export const needName = z.enum(NEEDS);
