// Heads of the benchmarks' tasks: classes or a score of a text, the span of an answer; and their losses.

import {
  cast,
  crossEntropy,
  expandDims,
  gelu,
  meanSquaredError,
  type NdArray,
  reshape,
  slice,
  tanh,
  type Tensor,
  transpose,
  where,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import type { BertInputs } from "./bert.ts";
import { dropout as drop } from "./dropout.ts";
import { initLinear, type Linear, linear, type LinearParams } from "./layers.ts";
import { lastStates, type PretrainedConfig, type PretrainedParams } from "./pretrained.ts";

/** What is asked of a text: one of some classes, a number, or the first and last token of an answer. */
export type Goal =
  | { readonly kind: "classes"; readonly classes: number }
  | { readonly kind: "score" }
  | { readonly kind: "span" };

/**
 * Maps to the outputs `out`: [d, classes], [d, 1] or [d, 2]. Before it stands, for classes and scores, a
 * pooler of the first token's state: `dense` [d, d] with tanh (BERT) or gelu (DeBERTa).
 */
export type TaskHead<L = Tensor> = { dense?: LinearParams<L>; out: LinearParams<L> };

/** Sequences with what they should give. */
export type TaskBatch<L = Tensor> = BertInputs<L> & {
  mask: L;
  /** Classes, int32 [batch]; scores, float32 [batch]; or first and last tokens, int32 [batch, 2]. */
  labels: L;
  /** Mask of the pooled states [batch, d], of classes and scores; see `dropoutMasks`. */
  dropout?: L;
};

/** An encoder whose maps may be functions, with its head. */
export interface TunedModel {
  encoder: PretrainedParams<Tensor, Linear>;
  head: TaskHead;
}

/**
 * Weights truncated normal (0.02), biases zero; from the stream's children named by their places.
 *
 * @param pooler what the pooler begins with, as BERT's checkpoints have it; copied. @default drawn
 */
export function initTaskHead(
  stream: Stream,
  goal: Goal,
  width: number,
  pooler?: LinearParams<NdArray>,
): TaskHead<NdArray> {
  const outputs = goal.kind === "classes" ? goal.classes : goal.kind === "score" ? 1 : 2;
  const out = initLinear(stream.child("out"), width, outputs);
  if (goal.kind === "span") return { out };
  return { dense: pooler ? copied(pooler) : initLinear(stream.child("dense"), width, width), out };
}

const copied = ({ w, b }: LinearParams<NdArray>): LinearParams<NdArray> => ({
  w: { ...w, data: w.data.slice() },
  b: { ...b, data: b.data.slice() },
});

/** Logit of padding as a place of an answer: no share of the softmax in float32, and yet a number. */
const PADDING = -1e4;

/** Outputs of a task: logits [batch, classes], scores [batch], or logits of first and last [batch, 2, n]. */
export function taskOutputs(
  config: PretrainedConfig,
  goal: Goal,
  { encoder, head }: TunedModel,
  inputs: BertInputs & { mask: Tensor },
  { dropout }: { dropout?: Tensor } = {},
): Tensor {
  const states = lastStates(config, encoder, inputs), [batch, , width] = states.shape;
  if (goal.kind === "span") {
    const logits = transpose(linear(head.out, states), [0, 2, 1]);
    return where(expandDims(cast(inputs.mask, "bool"), 1), logits, PADDING);
  }
  const first = reshape(slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
  const activation = config.model === "bert" ? tanh : gelu;
  const pooled = drop(activation(linear(head.dense!, first)), dropout);
  const out = linear(head.out, pooled);
  return goal.kind === "score" ? reshape(out, [batch]) : out;
}

/**
 * What is minimised, a mean over the batch: cross-entropy of classes; the square of a score's error; the
 * mean of the cross-entropies of first and last token. (The published scripts let padding be a place too.)
 */
export function taskLoss(goal: Goal, outputs: Tensor, labels: Tensor): Tensor {
  return goal.kind === "score" ? meanSquaredError(outputs, labels) : crossEntropy(outputs, labels);
}
