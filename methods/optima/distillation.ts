/** Distilling a CoCa student one pull at a time: the programs that stock ONNX Runtime executes. */

import {
  captioningLoss,
  type CocaConfig,
  cocaForward,
  type CocaOutputs,
  type CocaParams,
  contrastiveLoss,
  LARGEST_LOGIT_SCALE,
  PAD,
  patchCount,
} from "../nn/mod.ts";
import { adamw, type AdamWState, type Layout, matrixDecayMask, trainSteps } from "../optim/mod.ts";
import {
  add,
  cast,
  compile,
  concat,
  constant,
  crossEntropy,
  exp,
  greater,
  logSoftmax,
  matmul,
  mean,
  minimum,
  mul,
  type NdArray,
  ndarray,
  type Program,
  reshape,
  softmax,
  type Spec,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import { layerwiseLosses, type Projections, type Targets } from "./layerwise.ts";
import { type Module, MODULES } from "./modules.ts";

/** What the student is trained for besides matching layers. */
export type Task =
  /** CoCa's own losses: contrastive and captioning. */
  | "coca"
  /** One modality only: the emoji's group from the image embedding. */
  | "image_group";

/** Everything that is trained: the student, its projections onto teacher layers, a group head. */
export type StudentParams<L = Tensor> = {
  /** Linear classifier of the image embedding `[E, groups]`, used by the task "image_group". */
  head: { w: L; b: L };
  model: CocaParams<L>;
  projections: Projections<L>;
};

/** Weights of the training loss; see stages/optima/schema.ts. */
export interface Objective {
  readonly taskWeight: number;
  readonly contrastiveWeight: number;
  readonly captioningWeight: number;
  readonly kdWeight: number;
  readonly kdTemperature: number;
  /** Inverse temperature of the teacher's similarities. */
  readonly kdTeacherScale: number;
  readonly layerWeight: number;
  /**
   * What a pull changes: the modules of its arm, or the whole student. The task's scale and head
   * are always trained.
   */
  readonly updates: "module" | "student";
}

/** What all programs of one experiment share. */
export interface Setting {
  readonly student: CocaConfig;
  readonly teacher: CocaConfig;
  readonly task: Task;
  /** Modules whose parameters and projections stay as they are. */
  readonly frozen: readonly Module[];
  readonly objective: Objective;
  readonly weightDecay: number;
  /** Largest global norm of a gradient. */
  readonly clip: number;
  /** Variance of each distilled teacher layer over the training data. */
  readonly variances: Targets<number>;
  /** Layout of {@link StudentParams} in one vector. */
  readonly layout: Layout;
}

/** A mini-batch; a leading axis of steps is added where several are fed at once. */
export type Batch<L = Tensor> = {
  /** `[B, 3, S, S]` in [−1, 1]. */
  images: L;
  /** `[B, T]` int32, 0 is padding. */
  tokens: L;
  /** `[B]` int32, the emoji's group. */
  group: L;
  targets: Targets<L>;
  /** The teacher's unit-length embeddings `[B, E_T]`. */
  teacherImage: L;
  teacherText: L;
};

/**
 * Parts of the parameter vector that are updated or left alone together, in the layout's order.
 * Adam must not move what a loss does not reach: its moments decay and would go on moving it.
 */
export const SEGMENTS = [
  "head",
  "model.image",
  "model.logitScale",
  "model.multimodal",
  "model.text",
  "projections.image",
  "projections.multimodal",
  "projections.text",
] as const;

/** Lengths of {@link SEGMENTS} in a layout. */
export function segmentLengths(layout: Layout): number[] {
  const lengths = SEGMENTS.map(() => 0);
  layout.leaves.forEach(({ path, start }, i) => {
    const segment = SEGMENTS.findIndex((s) => path === s || path.startsWith(`${s}.`));
    if (segment < 0) throw new RangeError(`Parameter ${path} is in no segment of the optimiser`);
    lengths[segment] += (layout.leaves[i + 1]?.start ?? layout.size) - start;
  });
  return lengths;
}

/** Modules whose parameters a pull of `arm` changes; training on the task alone (no arm) changes all. */
export function trainedModules(
  { objective, frozen }: Pick<Setting, "objective" | "frozen">,
  arm: readonly Module[],
): Module[] {
  const chosen = objective.updates === "student" || arm.length === 0 ? MODULES : arm;
  return chosen.filter((module) => !frozen.includes(module));
}

/** 1 for each of {@link SEGMENTS} that the loss of an arm reaches, 0 for the others. */
export function reachedSegments(
  setting: Pick<Setting, "task" | "objective" | "frozen">,
  arm: readonly Module[],
): number[] {
  const { task, objective, frozen } = setting;
  const { taskWeight, contrastiveWeight, captioningWeight, kdWeight } = objective;
  const similarity = task === "coca" && (taskWeight * contrastiveWeight > 0 || kdWeight > 0);
  const captioning = task === "coca" && taskWeight * captioningWeight > 0;
  const group = task === "image_group" && taskWeight > 0;
  const layers = (module: Module) => objective.layerWeight > 0 && arm.includes(module);
  // The decoder reads text states and pooled image tokens: its loss reaches all three modules.
  const reaches: Record<Module, boolean> = {
    image: similarity || captioning || group || layers("image") || layers("multimodal"),
    text: similarity || captioning || layers("text") || layers("multimodal"),
    multimodal: captioning || layers("multimodal"),
  };
  const trained = trainedModules(setting, arm);
  const moves = (module: Module) => reaches[module] && trained.includes(module);
  const projects = (module: Module) => layers(module) && !frozen.includes(module);
  const reached: Record<typeof SEGMENTS[number], boolean> = {
    head: group,
    "model.image": moves("image"),
    "model.logitScale": similarity,
    "model.multimodal": moves("multimodal"),
    "model.text": moves("text"),
    "projections.image": projects("image"),
    "projections.multimodal": projects("multimodal"),
    "projections.text": projects("text"),
  };
  return SEGMENTS.map((segment) => reached[segment] ? 1 : 0);
}

/** Specs of a batch of `size` items; `steps` adds a leading axis. */
export function batchSpec(s: Setting, size: number, steps?: number): Batch<Spec> {
  const lead = steps === undefined ? [size] : [steps, size];
  const f32 = (...shape: number[]): Spec => ({ dtype: "float32", shape: [...lead, ...shape] });
  const i32 = (...shape: number[]): Spec => ({ dtype: "int32", shape: [...lead, ...shape] });
  const layers = (module: Module, positions: number) =>
    s.variances[module].map(() => f32(positions, s.teacher.width));
  const { channels, image, textLength } = s.student;
  return {
    images: f32(channels, image, image),
    tokens: i32(textLength),
    group: i32(),
    targets: {
      image: layers("image", patchCount(s.student)),
      text: layers("text", textLength + 1),
      multimodal: layers("multimodal", textLength),
    },
    teacherImage: f32(s.teacher.embed),
    teacherText: f32(s.teacher.embed),
  };
}

/** The same parameters, those of some modules as constants: the compiler drops their backward pass. */
function holding(held: readonly Module[], params: StudentParams): StudentParams {
  if (held.length === 0) return params;
  const still = <T>(tree: T): T => {
    if (Array.isArray(tree)) return tree.map(still) as T;
    const record = tree as Record<string, unknown>;
    if ("node" in record) return stopGradient(tree as Tensor) as T;
    return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, still(v)])) as T;
  };
  const model = { ...params.model }, projections = { ...params.projections };
  for (const module of held) {
    Object.assign(model, { [module]: still(model[module]) });
    Object.assign(projections, { [module]: still(projections[module]) });
  }
  return { ...params, model, projections };
}

function moduleLosses(
  s: Setting,
  params: StudentParams,
  outputs: CocaOutputs,
  { tokens, targets }: Batch,
): Record<Module, Tensor> {
  const words = cast(greater(tokens, PAD), "float32");
  const cls = constant(ndarray(new Float32Array(tokens.shape[0]).fill(1), [tokens.shape[0], 1]));
  return layerwiseLosses(outputs, targets, params.projections, s.variances, {
    text: concat([words, cls], 1),
    multimodal: words,
  });
}

function taskLoss(s: Setting, params: StudentParams, outputs: CocaOutputs, batch: Batch): Tensor {
  if (s.task === "image_group") {
    const logits = add(matmul(outputs.imageEmbedding, params.head.w), params.head.b);
    return crossEntropy(logits, batch.group);
  }
  const { imageEmbedding, textEmbedding, logitScale, decoded } = outputs;
  return add(
    mul(contrastiveLoss(imageEmbedding, textEmbedding, logitScale), s.objective.contrastiveWeight),
    mul(
      captioningLoss(params.model.multimodal.logits, decoded, batch.tokens),
      s.objective.captioningWeight,
    ),
  );
}

/** T²·KL(teacher ‖ student) between in-batch image–text similarities, mean of both directions. */
function contrastiveKd(s: Setting, outputs: CocaOutputs, batch: Batch): Tensor {
  const temperature = s.objective.kdTemperature;
  const scale = exp(minimum(outputs.logitScale, Math.log(LARGEST_LOGIT_SCALE)));
  const student = mul(
    matmul(outputs.imageEmbedding, transpose(outputs.textEmbedding, [1, 0])),
    mul(scale, 1 / temperature),
  );
  const teacher = mul(
    matmul(batch.teacherImage, transpose(batch.teacherText, [1, 0])),
    s.objective.kdTeacherScale / temperature,
  );
  const divergence = (t: Tensor, z: Tensor) =>
    mean(sum(mul(softmax(t, -1), sub(logSoftmax(t, -1), logSoftmax(z, -1))), [-1]));
  const backwards = (x: Tensor) => transpose(x, [1, 0]);
  return mul(
    add(divergence(teacher, student), divergence(backwards(teacher), backwards(student))),
    temperature ** 2 / 2,
  );
}

/** L = taskWeight·L_task + kdWeight·KL + layerWeight·Σ_{m ∈ arm} L_m; terms of weight 0 are not computed. */
function trainingLoss(
  s: Setting,
  arm: readonly Module[],
  trained: StudentParams,
  batch: Batch,
): Tensor {
  const free = trainedModules(s, arm);
  const params = holding(MODULES.filter((module) => !free.includes(module)), trained);
  const outputs = cocaForward(s.student, params.model, batch.images, batch.tokens);
  const terms: Tensor[] = [];
  if (s.objective.taskWeight > 0) {
    terms.push(mul(taskLoss(s, params, outputs, batch), s.objective.taskWeight));
  }
  if (s.objective.kdWeight > 0 && s.task === "coca") {
    terms.push(mul(contrastiveKd(s, outputs, batch), s.objective.kdWeight));
  }
  if (arm.length > 0 && s.objective.layerWeight > 0) {
    const losses = moduleLosses(s, params, outputs, batch);
    terms.push(mul(arm.map((m) => losses[m]).reduce((a, b) => add(a, b)), s.objective.layerWeight));
  }
  if (terms.length === 0) {
    throw new RangeError("Cannot train: the task, distillation and layer weights are all zero");
  }
  return terms.reduce((a, b) => add(a, b));
}

/** Module losses as one vector `[3]` in the order of {@link MODULES}. */
function lossVector(s: Setting, flat: Tensor, batch: Batch): Tensor {
  const params = s.layout.unpackTraced<StudentParams>(flat);
  const outputs = cocaForward(s.student, params.model, batch.images, batch.tokens);
  const losses = moduleLosses(s, params, outputs, batch);
  return concat(MODULES.map((m) => reshape(losses[m], [1])), 0);
}

/** What a training program takes besides the state, with a leading axis of steps. */
export type PullBatches<L = Tensor> = { batch: Batch<L>; lr: L; updateMask: L };

/** What a training program returns. */
export type PullResult<L = Tensor> = {
  state: AdamWState<L>;
  /** Training loss of each step, `[P]`. */
  losses: L;
};

/**
 * P optimiser steps on the loss of `arm` as one program
 * `(state, {batch, lr, updateMask}) → {state, losses}`.
 */
export function compileTraining(
  s: Setting,
  arm: readonly Module[],
  { steps, batch }: { readonly steps: number; readonly batch: number },
): Program<[AdamWState, PullBatches], PullResult> {
  const segments = segmentLengths(s.layout);
  const train = trainSteps<StudentParams, Batch, Record<string, never>>({
    layout: s.layout,
    loss: (params, batch) => [trainingLoss(s, arm, params, batch), {}],
    optimizer: adamw({
      weightDecay: s.weightDecay,
      decayMask: matrixDecayMask(s.layout),
      segments,
    }),
    clip: s.clip,
  });
  const vector: Spec = { dtype: "float32", shape: [s.layout.size] };
  const state: AdamWState<Spec> = {
    params: vector,
    m: vector,
    v: vector,
    t: { dtype: "float32", shape: [segments.length] },
  };
  const batches: PullBatches<Spec> = {
    batch: batchSpec(s, batch, steps),
    lr: { dtype: "float32", shape: [steps] },
    updateMask: { dtype: "float32", shape: [steps, segments.length] },
  };
  const pull = (from: AdamWState, given: PullBatches): PullResult => {
    const [next, trace] = train(from, given);
    return { state: next, losses: trace.loss };
  };
  return compile(pull, [state, batches], { name: `distill_${arm.join("_") || "none"}` });
}

/** Module losses of given parameters on `size` items: `(params, batch) → [3]`. */
export function compileModuleLosses(s: Setting, size: number): Program<[Tensor, Batch], Tensor> {
  const vector: Spec = { dtype: "float32", shape: [s.layout.size] };
  const losses = (flat: Tensor, batch: Batch) => lossVector(s, flat, batch);
  return compile(losses, [vector, batchSpec(s, size)], { name: "module_losses" });
}

/** The learning rates and update mask of steps `first` … of a pull, ready to be fed. */
export function pullControls(
  s: Setting,
  arm: readonly Module[],
  rates: NdArray,
): { lr: NdArray; updateMask: NdArray } {
  const steps = rates.shape[0];
  const row = reachedSegments(s, arm);
  const data = new Float32Array(steps * row.length);
  for (let i = 0; i < steps; i++) data.set(row, i * row.length);
  return { lr: rates, updateMask: ndarray(data, [steps, row.length]) };
}
