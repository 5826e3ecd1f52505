// A pre-trained encoder with the embeddings that its tasks need, and its file.

import { type NdArray, TensorError, treeLeaves, zeros } from "../tensor/mod.ts";
import { decodeWithMetadata, encode, SafetensorsError } from "../tensor/safetensors.ts";
import type { BertConfig, BertParams } from "./bert.ts";

/** An encoder, of BERT's form unless it says otherwise; its tree is plain host arrays. */
export interface Encoder<C = BertConfig, P = BertParams<NdArray>> {
  readonly config: C;
  readonly params: P;
  /** The tokenizer's id of each row of the token embeddings, ascending. */
  readonly vocabulary: Int32Array;
}

/**
 * The encoder with the embeddings of these tokens only, in their order.
 *
 * @param vocabulary ids of the tokenizer.
 * @throws TensorError `input` naming an id that the encoder has no row for.
 */
export function withVocabulary<
  C extends { vocab: number; width: number },
  P extends { embeddings: { token: NdArray } },
>(encoder: Encoder<C, P>, vocabulary: Int32Array): Encoder<C, P> {
  const { config, params } = encoder, { width } = config;
  const rowOf = new Map(Array.from(encoder.vocabulary, (id, row) => [id, row]));
  const { dtype, data: all } = params.embeddings.token;
  const token = zeros([vocabulary.length, width], dtype);
  const table = all as Float32Array, data = token.data as Float32Array;
  vocabulary.forEach((id, i) => {
    const row = rowOf.get(id);
    if (row === undefined) {
      throw new TensorError("input", `withVocabulary: the encoder has no embedding of token ${id}`);
    }
    data.set(table.subarray(row * width, (row + 1) * width), i * width);
  });
  return {
    config: { ...config, vocab: vocabulary.length },
    params: { ...params, embeddings: { ...params.embeddings, token } },
    vocabulary,
  };
}

/** The encoder as a safetensors file, each array under its path. */
export function encodeEncoder<C, P>(
  { config, params, vocabulary }: Encoder<C, P>,
): Uint8Array<ArrayBuffer> {
  const arrays = treeLeaves(params).map(({ path, leaf }) => [path, leaf as NdArray] as const);
  const rows: NdArray = { dtype: "int32", shape: [vocabulary.length], data: vocabulary };
  return encode(
    { ...Object.fromEntries(arrays), vocabulary: rows },
    { config: JSON.stringify(config) },
  );
}

/** @throws SafetensorsError when the file is damaged or holds no encoder. The caller names its form. */
export function decodeEncoder<C = BertConfig, P = BertParams<NdArray>>(
  bytes: Uint8Array,
): Encoder<C, P> {
  const { tensors: { vocabulary, ...arrays }, metadata } = decodeWithMetadata(bytes, {
    file: "encoder",
  });
  if (!metadata.config || !vocabulary) throw new SafetensorsError("the file holds no encoder");
  return {
    config: JSON.parse(metadata.config),
    params: treeOf(arrays) as P,
    vocabulary: vocabulary.data as Int32Array,
  };
}

/** The tree of arrays by path, as `treeLeaves` names them. */
function treeOf(arrays: Readonly<Record<string, NdArray>>): unknown {
  const root: Record<string, unknown> = {};
  for (const [path, array] of Object.entries(arrays)) {
    const keys = path.split("."), last = keys.pop()!;
    let node = root;
    for (const key of keys) node = (node[key] ??= {}) as Record<string, unknown>;
    node[last] = array;
  }
  const listed = (node: unknown): unknown => {
    if (typeof node !== "object" || node === null || "dtype" in node) return node;
    const entries = Object.entries(node).map(([key, value]) => [key, listed(value)] as const);
    // Lists have keys 0, 1, …, which JavaScript keeps in the order of numbers.
    return entries.every(([key], i) => key === String(i))
      ? entries.map(([, value]) => value)
      : Object.fromEntries(entries);
  };
  return listed(root);
}
