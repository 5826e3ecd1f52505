/** The configuration of the LoSparse experiment: one zod schema for every preset. */

import { z } from "zod";
import { STRUCTURES } from "../../methods/losparse/planted.ts";
import { TEXT_METHODS } from "../../methods/losparse/text_methods.ts";
import { measureParams } from "../common/text/measure.ts";
import { paper } from "./paper/schema.ts";
import { prepareTextParams, TEXT_TASK_NAMES } from "../common/text/prepare_text.ts";
import { WHOLE } from "../common/whole.ts";

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

const schedule = {
  steps: z.int().min(4),
  batch: z.int().min(1),
  warmup: z.int().min(0).describe("t_i, steps before pruning begins"),
  cooldown: z.int().min(0).describe("t_f, last steps, at the final budget"),
  every: z.int().min(1).describe("ΔT, steps between rankings and length of a window"),
};

/** Training of the planted study, common to all methods. */
export const training = z.strictObject(schedule);

/** Training on text, common to all methods; see methods/losparse/text_study.ts. */
export const textTraining = z.strictObject({
  ...schedule,
  texts: z.int().min(1).describe("that a seed trains on, drawn from the task's"),
  rise: z.int().min(0).describe("steps in which the learning rate rises"),
  clip: z.number().positive().describe("largest norm of the gradient"),
});

/** A budget of all methods, in ranks of low rank alone, and LoSparse's share of it. */
export const budget = z.strictObject({
  rank: z.int().min(2),
  lowRank: z.int().min(1).describe("ranks of LoSparse's low-rank part; the rest are rows of S"),
});

const seedList = z.array(z.int().min(0)).min(1);
const calibration = seedList.describe("seeds on which settings are chosen");
const seeds = seedList.describe("seeds that are reported");
const areApart = (c: { calibration: number[]; seeds: number[] }) =>
  c.seeds.every((seed) => !c.calibration.includes(seed));
const apart = { path: ["seeds"], error: "must not be among the calibration seeds" };

/** Small networks whose weights have the supposed structure, or have not. */
export const planted = z.strictObject({
  sizes,
  training,
  budgets: z.array(budget).min(1),
  tuned: z.int().min(2).describe("rank of the budget at which learning rates are chosen"),
  rates: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  calibration,
  seeds,
}).refine((c) => c.budgets.some(({ rank }) => rank === c.tuned), {
  path: ["tuned"],
  error: "must be the rank of one of the budgets",
}).refine((c) => c.budgets.every(({ rank, lowRank }) => lowRank < rank), {
  path: ["budgets"],
  error: "lowRank must be below rank, or nothing is left for S",
}).refine(areApart, apart);

export const structureName = z.enum(STRUCTURES);
export const textMethod = z.enum(TEXT_METHODS);
const share = z.number().gt(0).lt(1).describe("of the budget that LoSparse gives to low rank");

/** What may remain of the maps, by name, such as `p10: { ratio: 0.1, share: 0.25 }`. */
export const textBudget = z.strictObject({
  ratio: z.number().gt(0).max(1).describe("share of the entries of all maps that may remain"),
  share,
});

/** A pre-trained encoder on labelled texts. */
export const text = z.strictObject({
  tasks: z.array(prepareTextParams).min(1),
  layers: z.int().positive().optional().describe("of the encoder; all when left out"),
  training: textTraining,
  budgets: z.record(z.string().regex(/^p\d+$/), textBudget),
  comparisons: z.array(z.strictObject({
    methods: z.array(textMethod).min(1),
    budgets: z.array(z.string()).min(1),
    tasks: z.array(z.enum(TEXT_TASK_NAMES)).min(1),
  })).min(1).describe("what is run: every method at every budget on every task of an entry"),
  averaged: z.array(z.enum(TEXT_TASK_NAMES)).min(1).describe(
    "tasks of the claims' TASK `mean`, which are run at the same budgets",
  ),
  grid: z.array(z.number().positive()).min(1).describe("learning rates that each method may have"),
  shares: z.array(share).min(1).describe("among which LoSparse's is chosen"),
  calibration,
  rates: z.partialRecord(
    z.enum(TEXT_TASK_NAMES),
    z.partialRecord(textMethod, z.record(z.string(), z.number().positive())),
  ).describe("learning rates by task, method and budget, as `calibrate` chose them"),
  calibrate: z.boolean().default(false).describe(
    "choose learning rates and shares on validation texts, instead of what is reported",
  ),
  seeds,
  deploy: z.strictObject({
    task: z.enum(TEXT_TASK_NAMES),
    models: z.array(z.strictObject({ method: textMethod, budget: z.string() })).min(1),
    batches: z.array(z.int().positive()).min(1).describe(
      "sizes; the largest divides the test texts",
    ),
    ...measureParams.shape,
  }).describe("what is exported as ONNX, from the first seed, and how it is timed"),
}).refine(areApart, apart).superRefine((c, context) => {
  const wrong = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const known = (budget: string) => budget === WHOLE || Object.hasOwn(c.budgets, budget);
  c.deploy.models.forEach(({ method, budget }, i) => {
    const path = ["deploy", "models", i];
    if (!known(budget)) wrong(path, `"${budget}" is not among the budgets`);
    if (!c.calibrate && c.rates[c.deploy.task]?.[method]?.[budget] === undefined) {
      wrong(path, `no rate of ${method} at ${budget} for ${c.deploy.task}`);
    }
  });
  c.comparisons.forEach(({ methods, budgets, tasks }, i) => {
    const path = ["comparisons", i];
    for (const name of tasks.filter((name) => !c.tasks.some((t) => t.task === name))) {
      wrong([...path, "tasks"], `"${name}" is not among the tasks`);
    }
    for (const name of budgets.filter((name) => !Object.hasOwn(c.budgets, name))) {
      wrong([...path, "budgets"], `"${name}" is not among the budgets`);
    }
    if (c.calibrate) return;
    for (const task of tasks) {
      for (const method of methods) {
        for (const name of method === "dense" ? [WHOLE] : budgets) {
          if (c.rates[task]?.[method]?.[name] !== undefined) continue;
          wrong(["rates"], `no rate of ${method} at ${name} for ${task}`);
        }
      }
    }
  });
});

/** The two studies at miniature scale. */
export const studies = z.strictObject({ planted, text });
export type StudiesConfig = z.output<typeof studies>;
export type TextConfig = StudiesConfig["text"];

/** One preset of stages/losparse/config.yaml: both studies, or the benchmarks on the user's files. */
export const losparseConfig = z.strictObject({
  planted: planted.optional(),
  text: text.optional(),
  paper: paper.optional(),
}).refine(({ planted, text, paper }) => paper ? !planted && !text : planted && text, {
  error: "needs either `planted` and `text`, or `paper` alone",
}).transform(({ planted, text, paper }) =>
  paper ? { paper } : { paper, planted: planted!, text: text! }
);
export type LosparseConfig = z.output<typeof losparseConfig>;
