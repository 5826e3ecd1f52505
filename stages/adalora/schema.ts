/** The configuration of the AdaLoRA experiment: one zod schema for every preset. */

import { z } from "zod";
import { NEEDS } from "../../methods/adalora/planted.ts";
import { TEXT_METHODS } from "../../methods/adalora/method_trainer.ts";
import { paper } from "./paper/schema.ts";
import { measureParams } from "../common/text/measure.ts";
import { prepareTextParams, TEXT_TASK_NAMES } from "../common/text/prepare_text.ts";

/** The network and its data; see methods/adalora/planted.ts. */
export const sizes = z.strictObject({
  width: z.int().min(4).describe("d, of the residual stream and of hidden layers"),
  blocks: z.int().min(2).multipleOf(2).describe("blocks of two maps"),
  update: z.number().positive().describe("norm of the target's updates over that of the weights"),
  train: z.int().min(16),
  test: z.int().min(16),
});

/** Training of the planted study, common to all methods. */
export const training = z.strictObject({
  steps: z.int().min(10),
  batch: z.int().min(1),
  warmup: z.int().min(0).describe("t_i, steps before the budget falls"),
  cooldown: z.int().min(0).describe("t_f, last steps, with the mask frozen"),
  every: z.int().min(1).describe("ΔT, steps between rankings"),
  gamma: z.number().min(0).describe("γ, weight of the orthogonality penalty"),
  scale: z.number().positive().describe("factor on ΔW, the same for every method and rank"),
});

/** Training on text, common to all methods. */
export const textTraining = z.strictObject({
  steps: z.int().min(4),
  batch: z.int().min(1),
  texts: z.int().min(1).describe("that a seed trains on, drawn from the task's"),
  rise: z.int().min(0).describe("steps in which the learning rate rises"),
  warmup: z.int().min(0).describe("t_i, steps before the budget falls"),
  cooldown: z.int().min(0).describe("t_f, last steps, with the mask frozen"),
  every: z.int().min(1).describe("ΔT, steps between rankings"),
  gamma: z.number().min(0).describe("γ, weight of the orthogonality penalty"),
  scale: z.number().positive().describe("factor on ΔW, the same for every method and rank"),
});

export const textMethod = z.enum(TEXT_METHODS);

const calibration = z.array(z.int().min(0)).min(1).describe("seeds on which rates are chosen");
const seeds = z.array(z.int().min(0)).min(1).describe("seeds that are reported");
const apart = {
  path: ["seeds"],
  error: "must not be among the calibration seeds",
};

/** Planted updates in small frozen networks. */
export const planted = z.strictObject({
  sizes,
  training,
  ranks: z.array(z.int().min(1)).min(1).describe("r̄, mean final ranks"),
  initial: z.number().min(1).describe("r_init/r̄; the paper uses 1.5 to 2"),
  tuned: z.int().min(1).describe("r̄ at which learning rates are chosen"),
  rates: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  calibration,
  seeds,
}).refine((c) => c.seeds.every((seed) => !c.calibration.includes(seed)), apart);

/** A pre-trained encoder on labelled texts; see methods/adalora/text_study.ts. */
export const text = z.strictObject({
  tasks: z.array(prepareTextParams).min(1),
  training: textTraining,
  initial: z.number().min(1).describe("r_init/r̄"),
  comparisons: z.array(z.strictObject({
    methods: z.array(textMethod).min(1),
    ranks: z.array(z.int().min(1)).min(1).describe("r̄, mean final ranks"),
    tasks: z.array(z.enum(TEXT_TASK_NAMES)).min(1),
  })).min(1).describe("what is run: every method at every rank on every task of an entry"),
  grid: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  calibration,
  rates: z.record(z.string(), z.record(z.string(), z.number().positive())).describe(
    "learning rate of each method at each rank, as `calibrate` chose it: `lora: { r1: 3.0e-3 }`",
  ),
  calibrate: z.boolean().default(false).describe(
    "choose learning rates on validation texts, instead of what is reported",
  ),
  seeds,
  deploy: z.strictObject({
    task: z.enum(TEXT_TASK_NAMES),
    rank: z.int().min(1),
    batches: z.array(z.int().positive()).min(1).describe(
      "sizes; the largest divides the test texts",
    ),
    ...measureParams.shape,
  }).describe("what is exported as ONNX, from the first seed, and how it is timed"),
}).refine((c) => c.seeds.every((seed) => !c.calibration.includes(seed)), apart).superRefine(
  ({ comparisons, rates, tasks, calibrate, deploy }, context) => {
    const missing = !tasks.some(({ task }) => task === deploy.task);
    if (missing || rates.adalora?.[`r${deploy.rank}`] === undefined) {
      const message = missing
        ? "is not among the tasks"
        : `no rate of adalora at rank ${deploy.rank}`;
      context.addIssue({ code: "custom", path: ["deploy"], message });
    }
    comparisons.forEach((comparison, i) => {
      for (const name of comparison.tasks.filter((name) => !tasks.some((t) => t.task === name))) {
        const path = ["comparisons", i, "tasks"];
        context.addIssue({ code: "custom", path, message: `"${name}" is not among the tasks` });
      }
      if (calibrate) return;
      for (const method of comparison.methods) {
        for (const rank of comparison.ranks.filter((r) => rates[method]?.[`r${r}`] === undefined)) {
          const message = `no rate of ${method} at rank ${rank}`;
          context.addIssue({ code: "custom", path: ["rates"], message });
        }
      }
    });
  },
);

/** The two studies at miniature scale. */
export const studies = z.strictObject({ planted, text });
export type StudiesConfig = z.output<typeof studies>;

/** One preset of stages/adalora/config.yaml: both studies, or the benchmarks on the user's files. */
export const adaloraConfig = z.strictObject({
  planted: planted.optional(),
  text: text.optional(),
  paper: paper.optional(),
}).refine(({ planted, text, paper }) => paper ? !planted && !text : planted && text, {
  error: "needs either `planted` and `text`, or `paper` alone",
}).transform(({ planted, text, paper }) =>
  paper ? { paper } : { paper, planted: planted!, text: text! }
);
export type AdaloraConfig = z.output<typeof adaloraConfig>;

export const needName = z.enum(NEEDS);
