// The loss of the optional stage after pruning, in which a dense teacher is imitated.

import {
  add,
  crossEntropy,
  klDivergence,
  meanSquaredError,
  mul,
  stopGradient,
  type Tensor,
} from "../tensor/mod.ts";

/** Weights of the terms of {@link distillationLoss}. */
export interface DistillationOptions {
  /** α of the teacher's distribution. @default 0 */
  output?: number;
  /** α of the hidden states. @default 0 */
  layers?: number;
  /** T, by which logits are divided. @default 2 */
  temperature?: number;
}

/** What a model computes for a batch. */
export interface ModelOutputs {
  /** [batch, classes] */
  logits: Tensor;
  /** Embeddings and the output of each block, of any one shape each. */
  hidden: readonly Tensor[];
}

/**
 * CE + α_out·T²·KL(teacher ‖ student) + α_layers·Σᵢ mean (Hᵢ − Hᵢᵗ)², the loss of LoSparse's published
 * distillation script; scalar. No derivative reaches the teacher.
 *
 * @param labels integers [batch].
 */
export function distillationLoss(
  student: ModelOutputs,
  teacher: ModelOutputs,
  labels: Tensor,
  { output = 0, layers = 0, temperature = 2 }: DistillationOptions = {},
): Tensor {
  if (student.hidden.length !== teacher.hidden.length) {
    throw new RangeError(
      `the student has ${student.hidden.length} hidden states, the teacher ${teacher.hidden.length}`,
    );
  }
  let loss = crossEntropy(student.logits, labels);
  if (output !== 0) {
    const divergence = klDivergence(student.logits, stopGradient(teacher.logits), { temperature });
    loss = add(loss, mul(divergence, output));
  }
  if (layers !== 0) {
    const errors = student.hidden.map((h, i) =>
      meanSquaredError(h, stopGradient(teacher.hidden[i]))
    );
    loss = add(loss, mul(errors.reduce((a, b) => add(a, b)), layers));
  }
  return loss;
}
