// Pre-trained encoders of either form, BERT or DeBERTa, as one kind of thing to fine-tune.

import { type NdArray, type Tensor, TensorError } from "../tensor/mod.ts";
import { bert, type BertConfig, type BertInputs, type BertParams } from "./bert.ts";
import { bertConfigOf, bertFromCheckpoint } from "./bert_weights.ts";
import { deberta, type DebertaConfig, type DebertaParams } from "./deberta.ts";
import { debertaConfigOf, debertaFromCheckpoint } from "./deberta_weights.ts";
import type { Encoder } from "./encoder_file.ts";
import type { Linear, LinearParams } from "./layers.ts";

/** Sizes, with the form that they are of. */
export type PretrainedConfig =
  | ({ model: "bert" } & BertConfig)
  | ({ model: "deberta" } & DebertaConfig);

/** Parameters of either form, with linear maps at the same paths. */
export type PretrainedParams<L = Tensor, M = LinearParams<L>> =
  | BertParams<L, M>
  | DebertaParams<L, M>;

/** An encoder of either form. */
export type Pretrained = Encoder<PretrainedConfig, PretrainedParams<NdArray>>;

/**
 * The encoder of a checkpoint, told apart by the `model_type` of its `config.json`.
 *
 * @param tensors by name, as `readCheckpoint` gives them.
 * @throws TensorError `input` for another type, or naming the field or array that is wrong.
 */
export function pretrainedOf(
  json: unknown,
  tensors: Readonly<Record<string, NdArray>>,
): Pretrained {
  const rows = (length: number) => Int32Array.from({ length }, (_, id) => id);
  const type = String((json as { model_type?: unknown } | null)?.model_type);
  if (type === "bert") {
    const config = { model: "bert" as const, ...bertConfigOf(json) };
    return { config, params: bertFromCheckpoint(config, tensors), vocabulary: rows(config.vocab) };
  }
  if (type === "deberta-v2") {
    const config = { model: "deberta" as const, ...debertaConfigOf(json) };
    const params = debertaFromCheckpoint(config, tensors);
    return { config, params, vocabulary: rows(config.vocab) };
  }
  throw new TensorError(
    "input",
    `config.json: "model_type" is "${type}"; "bert" and "deberta-v2" are read`,
  );
}

/** States of the last block, [batch, n, d]; those of padding mean nothing. DeBERTa has no use for `types`. */
export function lastStates(
  config: PretrainedConfig,
  params: PretrainedParams<Tensor, Linear>,
  { ids, mask, types }: BertInputs,
): Tensor {
  return config.model === "bert"
    ? bert(config, params as BertParams<Tensor, Linear>, { ids, mask, types }).last
    : deberta(config, params as DebertaParams<Tensor, Linear>, { ids, mask }).last;
}

/** The encoder without BERT's pooler, and the pooler: it is part of a task's head. */
export function withoutPooler(
  encoder: Pretrained,
): { encoder: Pretrained; pooler?: LinearParams<NdArray> } {
  if (!("pooler" in encoder.params)) return { encoder };
  const { pooler, ...params } = encoder.params;
  return { encoder: { ...encoder, params }, pooler };
}
