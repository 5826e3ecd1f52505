// DeBERTa checkpoints of versions 2 and 3, by the names that Hugging Face models use, as a parameter tree.

import type { NdArray } from "../tensor/mod.ts";
import { configReader } from "./config_file.ts";
import { type DebertaConfig, type DebertaParams, spanOf } from "./deberta.ts";
import { torchWeights } from "./torch_weights.ts";

/**
 * The sizes that the `config.json` of a DeBERTa checkpoint states (`model_type` "deberta-v2", which
 * version 3 has too).
 *
 * @throws TensorError `input` naming the field that is missing or that this encoder cannot follow.
 */
export function debertaConfigOf(json: unknown): DebertaConfig {
  const { file, wrong, count, activation, positive } = configReader(json, "deberta-v2");
  const only = (field: string, wanted: unknown, given: unknown) => {
    if (given !== wanted) {
      wrong(`"${field}" is ${JSON.stringify(given)}; ${JSON.stringify(wanted)} is supported`);
    }
  };
  only("relative_attention", true, file.relative_attention);
  only("share_att_key", true, file.share_att_key ?? false);
  only("position_biased_input", false, file.position_biased_input ?? true);
  only("type_vocab_size", 0, file.type_vocab_size ?? 0);
  only("conv_kernel_size", 0, file.conv_kernel_size ?? 0);
  const width = count("hidden_size");
  only("embedding_size", width, file.embedding_size ?? width);
  const kinds = Array.isArray(file.pos_att_type)
    ? file.pos_att_type.map(String)
    : String(file.pos_att_type ?? "").toLowerCase().split("|").filter((kind) => kind !== "");
  const strange = kinds.find((kind) => kind !== "c2p" && kind !== "p2c");
  if (strange !== undefined) wrong(`"pos_att_type" has "${strange}"; c2p and p2c are supported`);
  const longest = Number(file.max_relative_positions ?? -1);
  const buckets = Number(file.position_buckets ?? -1);
  return {
    vocab: count("vocab_size"),
    width,
    layers: count("num_hidden_layers"),
    heads: count("num_attention_heads"),
    hidden: count("intermediate_size"),
    positions: longest >= 1 ? longest : count("max_position_embeddings"),
    buckets: buckets > 0 ? buckets : 0,
    c2p: kinds.includes("c2p"),
    p2c: kinds.includes("p2c"),
    epsilon: positive("layer_norm_eps", 1e-7),
    activation: activation(),
  };
}

/**
 * The parameters of a DeBERTa checkpoint. Names may carry the prefix `deberta.`; heads of tasks and of
 * pre-training are left aside.
 *
 * @param tensors by name, as `readCheckpoint` gives them.
 * @throws TensorError `input` naming the array that is missing or has another type or shape.
 */
export function debertaFromCheckpoint(
  config: DebertaConfig,
  tensors: Readonly<Record<string, NdArray>>,
): DebertaParams<NdArray> {
  const { vocab, width, layers, hidden } = config;
  const prefixed = Object.keys(tensors).some((name) => name.startsWith("deberta."));
  const weights = torchWeights(tensors, prefixed ? "deberta." : "");
  return {
    embeddings: {
      token: weights.array("embeddings.word_embeddings.weight", [vocab, width]),
      norm: weights.norm("embeddings.LayerNorm", width),
    },
    relative: {
      table: weights.array("encoder.rel_embeddings.weight", [2 * spanOf(config), width]),
      ...(weights.has("encoder.LayerNorm.weight")
        ? { norm: weights.norm("encoder.LayerNorm", width) }
        : {}),
    },
    blocks: Array.from({ length: layers }, (_, i) => {
      const at = `encoder.layer.${i}`;
      const square = (name: string) => weights.linear(`${at}.attention.${name}`, width, width);
      return {
        attention: {
          query: square("self.query_proj"),
          key: square("self.key_proj"),
          value: square("self.value_proj"),
          out: square("output.dense"),
        },
        norm1: weights.norm(`${at}.attention.output.LayerNorm`, width),
        mlp: {
          up: weights.linear(`${at}.intermediate.dense`, width, hidden),
          down: weights.linear(`${at}.output.dense`, hidden, width),
        },
        norm2: weights.norm(`${at}.output.LayerNorm`, width),
      };
    }),
  };
}
