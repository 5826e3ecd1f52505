// Text classification by a linear map of an encoder's pooled states.

import { crossEntropy, type NdArray, type Tensor, TensorError } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { bert, type BertConfig, type BertInputs, type BertParams, meanPool } from "./bert.ts";
import { dropout as drop } from "./dropout.ts";
import { initLinear, type Linear, linear, type LinearParams } from "./layers.ts";

/** The head: [width, classes]. */
export type ClassifierHead<L = Tensor> = LinearParams<L>;

/** Sequences with their classes. */
export type LabelledBatch<L = Tensor> = BertInputs<L> & {
  mask: L;
  /** Integers [batch], from 0. */
  labels: L;
};

/** Weights truncated normal (0.02), bias zero. */
export function initClassifier(
  stream: Stream,
  width: number,
  classes: number,
): ClassifierHead<NdArray> {
  return initLinear(stream, width, classes);
}

/**
 * Logits [batch, classes] from the mean of the last states of real tokens, the pooling that sentence
 * encoders such as MiniLM were trained with.
 *
 * @param dropout mask of the pooled states [batch, width]; see `dropoutMasks`. @default none
 */
export function classify(
  config: BertConfig,
  encoder: BertParams<Tensor, Linear>,
  head: Linear,
  inputs: BertInputs & { mask: Tensor },
  { dropout }: { dropout?: Tensor } = {},
): Tensor {
  const { last } = bert(config, encoder, inputs);
  return linear(head, drop(meanPool(last, inputs.mask), dropout));
}

/** Mean cross-entropy of {@link classify}, scalar. */
export function classifierLoss(
  config: BertConfig,
  encoder: BertParams<Tensor, Linear>,
  head: Linear,
  { labels, ...inputs }: LabelledBatch,
  options: { dropout?: Tensor } = {},
): Tensor {
  return crossEntropy(classify(config, encoder, head, inputs, options), labels);
}

/** How well logits fit their labels. */
export interface ClassifierScore {
  /** Share of rows whose largest logit is the label's; of equal ones the first counts. */
  readonly accuracy: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
}

/**
 * The score of logits [n, classes] that a program has returned, summed in float64.
 *
 * @throws TensorError `runtime` when a logit is not finite: the model has diverged; `input` for a label out of range.
 */
export function scoreLogits(logits: NdArray, labels: NdArray): ClassifierScore {
  const [n, classes] = logits.shape;
  let hits = 0, loss = 0;
  for (let i = 0; i < n; i++) {
    const row = Array.from(logits.data.subarray(i * classes, (i + 1) * classes), Number);
    if (!row.every(Number.isFinite)) {
      throw new TensorError("runtime", `scoreLogits: logits of text ${i} are not finite`);
    }
    const label = Number(labels.data[i]), top = Math.max(...row);
    if (!(label in row)) {
      throw new TensorError(
        "input",
        `scoreLogits: label ${label} of text ${i} is outside 0 … ${classes - 1}`,
      );
    }
    if (row.indexOf(top) === label) hits++;
    loss += top - row[label] + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  }
  return { accuracy: hits / n, loss: loss / n };
}
