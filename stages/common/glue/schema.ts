/** What presets at the papers' scale say of the user's files. */

import { z } from "zod";
import { SQUAD_TASKS, type SquadTaskName } from "../../../methods/text/squad/tasks.ts";
import { GLUE_TASKS, type GlueTaskName } from "../../../methods/text/glue/tasks.ts";

export type BenchmarkName = GlueTaskName | SquadTaskName;

const GLUE_NAMES = Object.keys(GLUE_TASKS) as [GlueTaskName, ...GlueTaskName[]];
const SQUAD_NAMES = Object.keys(SQUAD_TASKS) as [SquadTaskName, ...SquadTaskName[]];

export const benchmarkName = z.enum([...GLUE_NAMES, ...SQUAD_NAMES]);

export const isGlue = (name: BenchmarkName): name is GlueTaskName =>
  Object.hasOwn(GLUE_TASKS, name);

const folder = z.string().min(1).describe("absolute, or relative to the project");

/** How texts become tokens. */
export const vocabulary = z.strictObject({
  tokenizer: z.enum(["spm.model", "tokenizer.json", "vocab.txt"]),
  lowercase: z.boolean().default(true).describe("of a vocab.txt: whether the model is uncased"),
});

/** Where the user's files are; see methods/docs/your_encoder.md. */
export const userFiles = z.strictObject({
  model: z.strictObject({
    folder,
    weights: z.string().endsWith(".safetensors").default("model.safetensors"),
    ...vocabulary.shape,
  }),
  glue: z.strictObject({ folder, format: z.enum(["tsv", "parquet"]) }),
  squad: z.strictObject({ folder, format: z.enum(["json", "parquet"]) }),
});
export type UserFiles = z.output<typeof userFiles>;

/** Lengths of texts, in tokens. */
export const textLengths = z.strictObject({
  tokens: z.int().min(4).describe("most of a text, a pair or a window, marks included"),
  stride: z.int().min(1).default(128).describe("by which windows overlap; of SQuAD"),
});

/** How a run learns a task; the same for all methods, but for their learning rates. */
export const tuningSettings = z.strictObject({
  lr: z.number().positive().describe(
    "largest learning rate, of methods that `rates` does not name",
  ),
  epochs: z.int().min(1),
  batch: z.int().min(1),
  rise: z.int().min(0).describe("steps in which the learning rate rises; then it falls to 0"),
  dropout: z.number().min(0).lt(1).default(0).describe("of the pooled state, before the last map"),
  ...textLengths.shape,
});

/** How a run is computed; without effect on what it learns, but for rounding. */
export const computing = z.strictObject({
  chunk: z.int().min(1).describe("steps of a program"),
  part: z.int().min(1).optional().describe(
    "most texts of a step whose activations are in memory at a time, a divisor of larger batches; all by default",
  ),
  held: z.int().min(1).describe("texts that are evaluated at once"),
});

export const seedList = z.array(z.int().min(0)).min(1);

const rate = z.number().positive();

/** Learning rates that differ from a task's, by method and budget: `lora: { r2: { rte: 5.0e-4 } }`. */
export const ratesByMethod = z.record(
  z.string(),
  z.record(z.string(), z.partialRecord(benchmarkName, rate)),
).default({});

/** How learning rates are chosen; the development sets have no part in it. */
export const calibration = z.strictObject({
  grid: z.array(rate).min(1).describe("learning rates that each method may have"),
  seeds: seedList.describe("seeds on which they are tried"),
  heldOut: z.int().min(1).describe("texts of the training set by whose loss they are chosen"),
});

/** What presets of both papers share. */
export const benchmarkPreset = {
  files: userFiles,
  rates: ratesByMethod,
  calibration,
  calibrate: z.boolean().default(false).describe(
    "try every method at every rate of the grid, instead of what is reported",
  ),
  seeds: seedList.describe("seeds that are reported"),
  computing,
};

/** What is wrong with seeds that are among those of the calibration. */
export const apart = {
  path: ["seeds"],
  error: "must not be among the calibration seeds",
};

export const areApart = (
  { calibration, seeds }: { calibration: { seeds: number[] }; seeds: number[] },
): boolean => seeds.every((seed) => !calibration.seeds.includes(seed));
