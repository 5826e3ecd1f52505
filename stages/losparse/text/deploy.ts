/** Declares the stage that trains some models once more and writes them as ONNX. */

import { z } from "zod";
import type { TextMethod } from "../../../methods/losparse/text_methods.ts";
import type { Spec } from "../../../methods/tensor/mod.ts";
import { json } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { encoderKind, textTaskKind } from "../../common/text/kinds.ts";
import { textBudget, textMethod, textTraining } from "../schema.ts";
import { factorsKind, modelsKind } from "./kinds.ts";

/** A model that became files. */
export interface DeployedModel {
  readonly method: TextMethod;
  /** Share of the compressed maps' entries that remain. */
  readonly ratio: number;
  /** Of test texts. */
  readonly accuracy: number;
  /** Numbers in its weights, embeddings included. */
  readonly parameters: number;
  /** One for each batch size. */
  readonly files: readonly {
    readonly name: string;
    readonly batch: number;
    readonly bytes: number;
    /** Names of token ids and mask. */
    readonly inputs: readonly string[];
    readonly output: Spec & { readonly name: string };
  }[];
  /** Logits of the first test texts as the trained model gives them, before anything is taken out. */
  readonly logits: readonly (readonly number[])[];
}

export const deploy = stage({
  name: "deploy",
  describe: "compress once more and write the models as ONNX",
  implementation: new URL("./deploy_run.ts", import.meta.url),
  inputs: { task: textTaskKind, encoder: encoderKind, factors: factorsKind },
  params: z.strictObject({
    methods: z.array(z.strictObject({ method: textMethod, lr: z.number() })),
    budget: textBudget,
    training: textTraining,
    seed: z.int(),
    tokens: z.int(),
    batches: z.array(z.int()),
  }),
  outputs: { models: modelsKind, about: json<DeployedModel[]>() },
  provider: true,
});
