/** A preset at the paper's scale, on files that the user supplies. */

import { z } from "zod";
import { TEXT_METHODS, type TextMethod } from "../../../methods/adalora/method_trainer.ts";
import {
  apart,
  areApart,
  benchmarkName,
  benchmarkPreset,
  tuningSettings,
} from "../../common/glue/schema.ts";
import { WHOLE } from "../../common/whole.ts";

/** Methods that train no adapters have no rank. */
const WITHOUT_RANK: readonly TextMethod[] = ["full", "bitfit", "head"];

export const hasRank = (method: TextMethod): boolean => !WITHOUT_RANK.includes(method);

/** Of one task; see the paper's Tables 7 to 13. */
export const paperSettings = z.strictObject({
  ...tuningSettings.shape,
  warmup: z.int().min(0).describe("t_i, steps before the budget falls"),
  cooldown: z.int().min(0).describe("t_f, last steps, with the mask frozen"),
  every: z.int().min(1).describe("ΔT, steps between rankings"),
  gamma: z.number().min(0).describe("γ, weight of the orthogonality penalty"),
  alpha: z.number().positive().describe("α; the factor on ΔW is α/r, r the initial rank"),
  weightDecay: z.number().min(0),
});
export type PaperSettings = z.output<typeof paperSettings>;

export const paper = z.strictObject({
  ...benchmarkPreset,
  tasks: z.array(benchmarkName).min(1),
  comparisons: z.array(z.strictObject({
    methods: z.array(z.enum(TEXT_METHODS)).min(1),
    ranks: z.array(z.int().min(1)).min(1).describe("r̄, mean final ranks; one for methods without"),
  })).min(1).describe("what is run: every method at every rank on every task"),
  initial: z.record(z.string(), z.int().min(1)).describe("r_init by r̄: `{ r2: 4 }`"),
  settings: z.partialRecord(benchmarkName, paperSettings),
}).refine(areApart, apart).superRefine((config, context) => {
  const { tasks, comparisons, initial, settings, rates, calibrate } = config;
  const wrong = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  for (const task of tasks.filter((name) => !settings[name])) {
    wrong(["settings"], `there are none of ${task}`);
  }
  comparisons.forEach(({ methods, ranks }, i) => {
    for (const rank of ranks.filter((r) => initial[`r${r}`] === undefined)) {
      wrong(["initial"], `no initial rank of r${rank}, which comparisons.${i} has`);
    }
    for (const method of methods.filter((name) => !calibrate && !hasRank(name))) {
      // Their rates are of another order of magnitude than those of adapters.
      for (const task of tasks.filter((name) => rates[method]?.[WHOLE]?.[name] === undefined)) {
        wrong(["rates"], `no rate of ${method} for ${task}`);
      }
    }
  });
});
export type PaperConfig = z.output<typeof paper>;
