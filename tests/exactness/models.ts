// The models of the papers in small, as programs with arguments: for comparisons of providers.
import {
  bert,
  type BertParams,
  type CocaConfig,
  cocaForward,
  cocaLosses,
  type CocaParams,
  initBert,
  sentenceEmbedding,
} from "../../methods/nn/mod.ts";
import { adamwInit, learningRates, warmupCosine } from "../../methods/optim/mod.ts";
import { compileTraining, pullControls, SEGMENTS } from "../../methods/optima/distillation.ts";
import { MODULES } from "../../methods/optima/modules.ts";
import { gatherBatch } from "../../methods/optima/teacher_states.ts";
import { cocaLayout } from "../../methods/optima/train_teacher.ts";
import * as t from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";
import {
  dataset,
  randomCoca,
  randomStudent,
  STUDENT,
  TEACHER,
  teacherStates,
  tinySetting,
} from "../methods/optima/tiny.ts";

/** A program and what it is run on. */
export interface Model {
  readonly name: string;
  /** The signature is the program's own affair: arguments are those it was compiled for. */
  readonly program: t.Program<readonly unknown[], unknown>;
  readonly args: readonly unknown[];
}

/** Whether an output is a value of the model or its loss, rather than a gradient or what training makes. */
export function isValue(output: string): boolean {
  return !/^out\.(1|state)/.test(output);
}

const BATCH = 4, STEPS = 5;
const items = Int32Array.from({ length: BATCH * STEPS }, (_, i) => dataset.splits.train[i % 9]);

/** A program with arguments that it was compiled for. */
export function model<Args extends readonly unknown[], R>(
  name: string,
  program: t.Program<Args, R>,
  args: { [K in keyof Args]: t.Host<Args[K]> },
): Model {
  return { name, program: program as unknown as Model["program"], args };
}

function coca(name: string, config: CocaConfig): Model {
  const layout = cocaLayout(config);
  const batch = items.subarray(0, BATCH);
  const flat = randomCoca(config, 1);
  const images = dataset.images(batch), tokens = dataset.tokens(batch);
  const f = (flat: t.Tensor, images: t.Tensor, tokens: t.Tensor) =>
    t.valueAndGrad((flat: t.Tensor) => {
      const params = layout.unpackTraced<CocaParams>(flat);
      const outputs = cocaForward(config, params, images, tokens);
      return [cocaLosses(params, outputs, tokens).total, outputs] as const;
    }, { hasAux: true })(flat);
  return model(name, t.compile(f, [flat, images, tokens]), [flat, images, tokens]);
}

async function distillation(): Promise<Model> {
  const states = await teacherStates(30);
  const setting = tinySetting(states.variances);
  const flat = randomStudent(setting, 2);
  const schedule = warmupCosine({ peak: 1e-3, warmup: 2, steps: STEPS });
  const program = compileTraining(setting, MODULES, { steps: STEPS, batch: BATCH });
  const state = { params: flat, ...adamwInit(setting.layout.size, SEGMENTS.length) };
  const batches = {
    batch: gatherBatch(dataset, states, items, [STEPS, BATCH]),
    ...pullControls(setting, MODULES, learningRates(schedule, 0, STEPS)),
  };
  return model("OPTIMA, 5 steps of distillation", program, [state, batches]);
}

/** Two layers of the encoder of sentences, and its gradient for cosines of pairs. */
function encoder(): Model {
  const config = { vocab: 20, width: 12, layers: 2, heads: 3, hidden: 24, positions: 6, types: 2 };
  const s = stream(5, "exactness", "encoder");
  const params = initBert(s, config);
  const ids = s.child("ids").integers(1, 20, [BATCH, 6]);
  const mask = t.fromNumbers(
    Array.from({ length: BATCH * 6 }, (_, i) => Number(i % 6 < 3 + Math.floor(i / 6))),
    [BATCH, 6],
    "int32",
  );
  const f = (p: BertParams, ids: t.Tensor, mask: t.Tensor) =>
    t.valueAndGrad((p: BertParams) => {
      const vectors = sentenceEmbedding(bert(config, p, { ids, mask }).last, mask);
      const cosines = t.matmul(vectors, t.transpose(vectors));
      return [t.mean(t.square(t.sub(cosines, 0.5))), vectors] as const;
    }, { hasAux: true })(p);
  return model("encoder: sentence vectors and gradient", t.compile(f, [params, ids, mask]), [
    params,
    ids,
    mask,
  ]);
}

/** Outputs, loss and gradient of CoCa and of an encoder; a student's training. */
export async function models(): Promise<Model[]> {
  return [
    coca("CoCa, student: outputs and gradient", STUDENT),
    coca("CoCa, teacher: outputs and gradient", TEACHER),
    await distillation(),
    encoder(),
    ...(await import("./paper_models.ts")).paperModels(),
  ];
}

/** All results of a model, in order. */
export async function runModel(
  { program, args }: Model,
  provider: t.Provider,
): Promise<t.NdArray[]> {
  const executable = await t.load(program, { provider });
  try {
    const result = await executable.run(...args as readonly t.NdArray[]);
    return t.flatten(result, t.isNdArray).leaves;
  } finally {
    await executable.dispose();
  }
}
