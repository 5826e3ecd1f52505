// BERT-form checkpoints, by the names that Hugging Face models use, as a parameter tree.

import type { NdArray } from "../tensor/mod.ts";
import type { BertConfig, BertParams } from "./bert.ts";
import { configReader } from "./config_file.ts";
import { torchWeights } from "./torch_weights.ts";

/**
 * The sizes that the `config.json` of a BERT-form checkpoint states.
 *
 * @throws TensorError `input` naming the field that is missing or that this encoder cannot follow.
 */
export function bertConfigOf(json: unknown): BertConfig {
  const { file, wrong, count, positive, activation } = configReader(json, "bert");
  const positions = file.position_embedding_type ?? "absolute";
  if (positions !== "absolute") {
    wrong(`"position_embedding_type" is ${JSON.stringify(positions)}; "absolute" is supported`);
  }
  if (file.is_decoder === true) wrong(`"is_decoder" is true; states here see both sides`);
  return {
    vocab: count("vocab_size"),
    width: count("hidden_size"),
    layers: count("num_hidden_layers"),
    heads: count("num_attention_heads"),
    hidden: count("intermediate_size"),
    positions: count("max_position_embeddings"),
    types: count("type_vocab_size"),
    epsilon: positive("layer_norm_eps", 1e-12),
    activation: activation(),
  };
}

/** The first checkpoints, such as bert-base-uncased, call the scale of a norm `gamma` and its bias `beta`. */
function withPresentNames(
  tensors: Readonly<Record<string, NdArray>>,
): Record<string, NdArray> {
  const present = (name: string) =>
    name.replace(/(?<=LayerNorm\.)gamma$/, "weight").replace(/(?<=LayerNorm\.)beta$/, "bias");
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [present(name), x]));
}

/**
 * The parameters of a BERT-form checkpoint. Names may carry the prefix `bert.`; heads of tasks are
 * left aside, a pooler is kept if there is one.
 *
 * @param tensors by name, as `readCheckpoint` gives them.
 * @throws TensorError `input` naming the array that is missing or has another type or shape.
 *
 * @example
 * ```ts
 * import { readCheckpoint } from "../tensor/checkpoint_files.ts";
 * import { bertConfigOf, bertFromCheckpoint } from "./mod.ts";
 *
 * const open = async (directory: string) => {
 *   const config = bertConfigOf(JSON.parse(await Deno.readTextFile(`${directory}/config.json`)));
 *   const weights = await readCheckpoint((name) =>
 *     Deno.readFile(`${directory}/${name}`).catch(() => null)
 *   );
 *   return { config, params: bertFromCheckpoint(config, weights) };
 * };
 * ```
 */
export function bertFromCheckpoint(
  config: BertConfig,
  tensors: Readonly<Record<string, NdArray>>,
): BertParams<NdArray> {
  const { vocab, width, layers, hidden, positions, types } = config;
  const prefixed = Object.keys(tensors).some((name) => name.startsWith("bert."));
  const weights = torchWeights(withPresentNames(tensors), prefixed ? "bert." : "");
  const table = (name: string, rows: number) =>
    weights.array(`embeddings.${name}_embeddings.weight`, [rows, width]);
  return {
    embeddings: {
      token: table("word", vocab),
      position: table("position", positions),
      type: table("token_type", types),
      norm: weights.norm("embeddings.LayerNorm", width),
    },
    blocks: Array.from({ length: layers }, (_, i) => {
      const at = `encoder.layer.${i}`;
      const square = (name: string) => weights.linear(`${at}.attention.${name}`, width, width);
      return {
        attention: {
          query: square("self.query"),
          key: square("self.key"),
          value: square("self.value"),
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
    ...(weights.has("pooler.dense.weight")
      ? { pooler: weights.linear("pooler.dense", width, width) }
      : {}),
  };
}
