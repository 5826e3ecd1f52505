/** A preset at the paper's scale, on files that the user supplies. */

import { z } from "zod";
import { TEXT_METHODS } from "../../../methods/losparse/text_methods.ts";
import {
  apart,
  areApart,
  benchmarkName,
  benchmarkPreset,
  tuningSettings,
} from "../../common/glue/schema.ts";

/** Of one task. */
export const paperSettings = z.strictObject({
  ...tuningSettings.shape,
  warmup: z.int().min(0).describe("t_i, steps before pruning begins"),
  cooldown: z.int().min(0).describe("t_f, last steps, at the final budget"),
  every: z.int().min(1).describe("ΔT, steps between rankings and length of a window"),
  weightDecay: z.number().min(0),
});

/** What may remain of the maps. */
export const paperBudget = z.strictObject({
  ratio: z.number().gt(0).max(1).describe("share of the entries of all maps that may remain"),
  lowRank: z.number().gt(0).max(1).describe("ρ, LoSparse's share of entries for the low-rank part"),
}).refine(({ ratio, lowRank }) => lowRank < ratio, {
  path: ["lowRank"],
  error: "must be below the ratio, or nothing is left for S",
});

export const paper = z.strictObject({
  ...benchmarkPreset,
  tasks: z.array(benchmarkName.exclude(["squad_v2"])).min(1),
  budgets: z.record(z.string().regex(/^p\d+$/, "is a share in percent, such as p10"), paperBudget),
  comparisons: z.array(z.strictObject({
    methods: z.array(z.enum(TEXT_METHODS)).min(1),
    budgets: z.array(z.string()).min(1),
  })).min(1).describe("what is run: every method at every budget on every task"),
  settings: z.partialRecord(benchmarkName, paperSettings),
}).refine(areApart, apart).superRefine(({ tasks, budgets, comparisons, settings }, context) => {
  for (const task of tasks.filter((name) => !settings[name])) {
    context.addIssue({ code: "custom", path: ["settings"], message: `there are none of ${task}` });
  }
  comparisons.forEach((comparison, i) => {
    for (const name of comparison.budgets.filter((name) => !Object.hasOwn(budgets, name))) {
      const path = ["comparisons", i, "budgets"];
      context.addIssue({ code: "custom", path, message: `"${name}" is not among the budgets` });
    }
  });
});
export type PaperConfig = z.output<typeof paper>;
