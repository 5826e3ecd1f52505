// Ways to fine-tune an encoder of BERT's form with a classification head.

import type { NdArray, Tensor } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import {
  type BertParams,
  type ClassifierHead,
  type Encoder,
  initClassifier,
  type Linear,
} from "../nn/mod.ts";
import {
  type MethodState,
  type MethodTrainer,
  methodTrainer,
  type MethodTrainerOptions,
  type TextMethod,
} from "./method_trainer.ts";

/** What a text is classified with; maps may be functions. */
export interface TextModel {
  encoder: BertParams<Tensor, Linear>;
  head: ClassifierHead;
}

/** What a run carries. */
export type TextState<L = Tensor> = MethodState<ClassifierHead<L>, L>;

/** One method on one encoder. */
export type TextTrainer = MethodTrainer<BertParams, ClassifierHead, ClassifierHead<NdArray>>;

/** Settings of {@link textTrainer}. */
export interface TextTrainerOptions
  extends Omit<MethodTrainerOptions<ClassifierHead<NdArray>>, "width" | "head"> {
  classes: number;
}

/** The training of an encoder by a method, with a head of the given classes. */
export function textTrainer(
  method: TextMethod,
  { params }: Encoder,
  { classes, ...options }: TextTrainerOptions,
): TextTrainer {
  const width = params.embeddings.token.shape[1];
  return methodTrainer(method, params, {
    ...options,
    width,
    head: (seed) => initClassifier(stream(seed, "head"), width, classes),
  });
}
