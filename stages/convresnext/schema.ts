/** The configuration of the ConvResNeXt experiments: one zod schema for every preset. */

import { z } from "zod";

/** Two sizes at least: an exponent is fitted over them. */
const several = z.array(z.int().min(1)).min(2);
const decay = z.number().min(0);

export const targetConfig = z.strictObject({
  knots: z.array(z.number().min(0).max(1)).min(2).readonly().describe("from 0 to 1, increasing"),
  heights: z.array(z.number()).min(2).readonly(),
}).refine((g) => g.knots.length === g.heights.length, "as many heights as knots are needed");

export const networkConfig = z.strictObject({
  w: z.int().min(2).describe("channels; the paper: 8"),
  L: z.int().min(2).describe("convolutions of a path; the paper: 6"),
  K: z.int().min(1).describe("taps of a convolution; the paper: 6"),
  M: z.int().min(1).describe("parallel paths of a block; the paper: 2"),
  N: z.int().min(1).describe("residual blocks; the paper: 2"),
});

export const trainingConfig = z.strictObject({
  optimizer: z.enum(["adam", "sgd"]).describe(
    "of the loss with its penalty: Adam's decay is coupled. Both have the minimisers of the paper; " +
      "AdamW's decoupled decay has others and is not offered",
  ),
  lr: z.number().positive().describe("η, largest learning rate; the paper: adjusted for each task"),
  steps: z.int().min(1),
  batch: z.int().min(1).describe("examples a step, at most n"),
});

/** What a study trains otherwise than the rest. */
const training = trainingConfig.partial().default({});

/** λ for each number of examples: few examples need a stronger one. */
const decayByN = z.array(decay).min(1);

/** One preset of stages/convresnext/config.yaml. */
export const convResNeXtConfig = z.strictObject({
  seeds: z.array(z.int().min(0)).min(1).describe(
    "replicates: data, rotation, initial weights, order",
  ),
  testPoints: z.int().min(256),
  network: networkConfig,
  training: trainingConfig,
  target: targetConfig.describe(
    "g₀; knots and heights of the paper's are drawn in its Fig. 2 only",
  ),
  dimension: z.strictObject({
    D: several,
    n: several,
    irrelevant: z.number().positive().describe(
      "width of the interval of irrelevant coordinates in `filled`; the paper's is not given",
    ),
    filledDecay: z.array(decayByN).describe(
      "λ of the arm `filled`: a row for each D, a value for each n",
    ),
    embeddedDecay: z.array(decayByN).describe("the same of the arm `embedded`"),
  }),
  local: z.strictObject({
    D: z.int().min(3),
    n: z.int().min(32),
    target: targetConfig,
    crowd: z.tuple([z.number(), z.number()]).describe("the part of [0, 1] with the crowded knots"),
    decay,
    training,
  }),
  classification: z.strictObject({ D: z.int().min(3), n: several, decay: decayByN }),
  intrinsic: z.strictObject({
    D: z.int().min(2),
    d: z.tuple([z.literal(1), z.literal(2), z.literal(3)]),
    n: several,
    amplitude: z.number().positive(),
    decay: decayByN,
  }),
  depth: z.strictObject({
    D: z.int().min(3),
    L: z.tuple([z.literal(3), z.literal(4), z.literal(6), z.literal(10)]),
    n: several,
    decay: decayByN,
    training,
  }),
  sparsity: z.strictObject({
    D: z.int().min(3),
    n: z.int().min(32),
    paths: several.describe("M, in one block: N = 1"),
    decays: z.array(decay).min(2).describe("the first is 0, the control; the last the largest"),
    training,
  }).refine((s) => s.decays[0] === 0, "the first decay is the control, 0"),
  interchange: z.strictObject({
    D: z.int().min(3),
    n: z.int().min(32),
    shapes: z.array(z.tuple([z.int().min(1), z.int().min(1)])).length(3).describe(
      "[M, N] of a wide (M > N), a square and a deep network",
    ),
    decay,
  }),
}).superRefine((config, context) => {
  const complain = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const { dimension } = config;
  const tables = ["filledDecay", "embeddedDecay"] as const;
  for (const table of tables) {
    if (dimension[table].length !== dimension.D.length) {
      complain(["dimension", table], "needs a row for each D");
    }
  }
  const lists: [string, readonly unknown[], readonly number[]][] = [
    ...tables.flatMap((table) =>
      dimension[table].map((row, i): [string, number[], number[]] => [
        `dimension.${table}.${i}`,
        row,
        dimension.n,
      ])
    ),
    ["classification.decay", config.classification.decay, config.classification.n],
    ["intrinsic.decay", config.intrinsic.decay, config.intrinsic.n],
    ["depth.decay", config.depth.decay, config.depth.n],
  ];
  for (const [path, values, n] of lists) {
    if (values.length !== n.length) {
      complain(
        path.split(".").map((part) => /^\d+$/.test(part) ? Number(part) : part),
        `needs a value for each of ${n.length} n, has ${values.length}`,
      );
    }
  }
});
export type ConvResNeXtConfig = z.output<typeof convResNeXtConfig>;

/** A cell as a parameter of a stage; methods/convresnext/cell.ts describes the fields. */
export const cellParams = z.strictObject({
  data: z.strictObject({
    shape: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("spiral"), target: targetConfig }),
      z.strictObject({ kind: z.literal("torus"), d: z.int().min(1), amplitude: z.number() }),
    ]),
    D: z.int().min(2),
    irrelevant: z.number().min(0),
    risk: z.enum(["squared", "logistic"]),
  }),
  n: z.int().min(1),
  testPoints: z.int().min(1),
  network: networkConfig,
  training: trainingConfig,
  decay,
  crowd: z.tuple([z.number(), z.number()]).readonly().nullable(),
  seeds: z.array(z.int().min(0)).min(1).readonly(),
});
