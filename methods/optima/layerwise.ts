/** Layer-wise distillation of a CoCa student: which layers are matched, the losses, the projections. */

import type { CocaConfig, CocaOutputs } from "../nn/mod.ts";
import { add, div, matmul, mean, mul, square, sub, sum, type Tensor } from "../tensor/mod.ts";
import type { NdArray } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import type { Module } from "./modules.ts";

/** One projection `[d_student, d_teacher]` for each distilled layer, by module. */
export type Projections<L> = Readonly<Record<Module, readonly L[]>>;

/** Teacher layers by module: the hidden states that the student's layers are matched to. */
export type Targets<L> = Readonly<Record<Module, readonly L[]>>;

/** Number of layers of each module. */
export function depths(config: CocaConfig): Readonly<Record<Module, number>> {
  return {
    image: config.imageLayers,
    text: config.textLayers,
    multimodal: config.multimodalLayers,
  };
}

/**
 * Uniform layer map: student layer j ↔ teacher layer (j + 1)·(L_T/L_S) − 1, both 0-based
 * (as in the task-aware distillation code of the paper's first author).
 *
 * @throws RangeError when the teacher's depth is not a multiple of the student's.
 */
export function layerMap(studentLayers: number, teacherLayers: number): number[] {
  const ratio = teacherLayers / studentLayers;
  if (!Number.isInteger(ratio)) {
    throw new RangeError(
      `Cannot map layers uniformly: the teacher's ${teacherLayers} layers are not a multiple of ` +
        `the student's ${studentLayers}`,
    );
  }
  return Array.from({ length: studentLayers }, (_, j) => (j + 1) * ratio - 1);
}

/** Random projections, entries from 𝒩(0, 1/d_student), so that projected states keep their scale. */
export function initProjections(
  student: CocaConfig,
  teacher: CocaConfig,
  stream: (module: Module, layer: number) => Stream,
): Projections<NdArray> {
  const scale = 1 / Math.sqrt(student.width);
  const of = (module: Module) =>
    Array.from({ length: depths(student)[module] }, (_, layer) => {
      const w = stream(module, layer).normal([student.width, teacher.width]);
      return { ...w, data: (w.data as Float32Array).map((z) => z * scale) };
    });
  return { image: of("image"), text: of("text"), multimodal: of("multimodal") };
}

/**
 * L_m = (1/|layers|) Σ_j MSE(H_S^j W_{m,j}, H_T^{map(j)}) / Var(H_T^{map(j)}).
 *
 * Division by the teacher layer's variance makes modules comparable: 1 is the loss of predicting
 * the mean. Text positions that hold padding do not count.
 *
 * @param hidden student states, `[B, S_m, d_S]` a layer
 * @param targets teacher states, `[B, S_m, d_T]` a layer
 * @param variances variance of each target layer over the training data
 * @param masks 1 where a position counts: text `[B, T + 1]`, multimodal `[B, T]`
 * @returns a scalar for each module
 */
export function layerwiseLosses(
  hidden: Pick<CocaOutputs, "imageHidden" | "textHidden" | "multimodalHidden">,
  targets: Targets<Tensor>,
  projections: Projections<Tensor>,
  variances: Targets<number>,
  masks: { readonly text: Tensor; readonly multimodal: Tensor },
): Record<Module, Tensor> {
  const states: Targets<Tensor> = {
    image: hidden.imageHidden,
    text: hidden.textHidden,
    multimodal: hidden.multimodalHidden,
  };
  const moduleLoss = (module: Module): Tensor => {
    const losses = states[module].map((h, j) => {
      const error = square(sub(matmul(h, projections[module][j]), targets[module][j]));
      const perPosition = mean(error, [-1]);
      const loss = module === "image"
        ? mean(perPosition)
        : div(sum(mul(perPosition, masks[module])), sum(masks[module]));
      return mul(loss, 1 / variances[module][j]);
    });
    return mul(losses.reduce((a, b) => add(a, b)), 1 / losses.length);
  };
  return {
    image: moduleLoss("image"),
    text: moduleLoss("text"),
    multimodal: moduleLoss("multimodal"),
  };
}
