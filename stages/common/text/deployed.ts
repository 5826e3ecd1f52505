/** Classifiers that became ONNX files, as a stage writes them and another one measures them. */

import { tree } from "../../../pipeline/declare/artifact.ts";

/** Models as ONNX files, with what our loader needs to know inside. */
export const modelsKind = tree("onnx-models");

/** A model that became files. */
export interface DeployedModel {
  readonly title: string;
  /** Numbers in its weights, embeddings of the task's vocabulary included. */
  readonly parameters: number;
  /** One file for each batch size. */
  readonly files: readonly {
    readonly name: string;
    readonly batch: number;
    readonly bytes: number;
  }[];
  /** Logits of the test texts from the program that trained it; absent for a model that was not trained. */
  readonly logits?: readonly number[];
}
