// A task of text classification as arrays, and its file.

import { isNdArray, type NdArray } from "../tensor/mod.ts";
import { decodeWithMetadata, encode, SafetensorsError } from "../tensor/safetensors.ts";
import type { BertTokenizer } from "./bert_tokenizer.ts";
import { type LabelledText, TEXT_PARTS, type TextPart } from "./labelled_text.ts";

/** Texts of one part; a plain tree of int32 arrays. */
export type TextBatch<L = NdArray> = {
  /** Rows of the task's vocabulary [n, tokens]. */
  ids: L;
  /** 1 for tokens, 0 for padding, [n, tokens]. */
  mask: L;
  /** [n], from 0. */
  labels: L;
};

/** Where texts come from. */
export interface TextSource {
  readonly package: string;
  readonly version: string;
  readonly license: string;
  readonly attribution: string;
}

/** A task of text classification. */
export interface TextTask extends Readonly<Record<TextPart, TextBatch>> {
  readonly name: string;
  readonly classes: readonly string[];
  /** The tokenizer's id of each row of the vocabulary, ascending: the tokens that the texts use. */
  readonly vocabulary: Int32Array;
  readonly source: TextSource;
}

/**
 * Encodes the parts of a task. A model needs the embeddings of its vocabulary only; without weight
 * decay, rows that no text uses would stay as they are in training.
 *
 * @param tokens most tokens of a text, marks included; longer ones are cut.
 */
export function textTask(
  about: Pick<TextTask, "name" | "classes" | "source">,
  parts: Readonly<Record<TextPart, readonly LabelledText[]>>,
  tokenizer: BertTokenizer,
  tokens: number,
): TextTask {
  const encoded = TEXT_PARTS.map((part) =>
    tokenizer.encode(parts[part].map(({ text }) => firstWords(text, tokens)), { longest: tokens })
  );
  const used = new Set(encoded.flatMap(({ ids }) => [...new Set(ids.data as Int32Array)]));
  const vocabulary = Int32Array.from(used).sort();
  const rowOf = new Map(Array.from(vocabulary, (id, row) => [id, row]));
  const batch = (part: TextPart, i: number): TextBatch => {
    const { ids, mask } = encoded[i], data = ids.data as Int32Array;
    return {
      ids: { ...ids, data: data.map((id) => rowOf.get(id)!) },
      mask,
      labels: {
        dtype: "int32",
        shape: [parts[part].length],
        data: Int32Array.from(parts[part], ({ label }) => label),
      },
    };
  };
  const [train, validation, test] = TEXT_PARTS.map(batch);
  return { ...about, vocabulary, train, validation, test };
}

/** The words that can matter: each is a token at least, and long texts are slow to encode. */
function firstWords(text: string, count: number): string {
  return text.split(/\s+/).slice(0, count).join(" ");
}

/** The task as a safetensors file. */
export function encodeTextTask({ name, classes, source, vocabulary, ...parts }: TextTask) {
  const arrays = TEXT_PARTS.flatMap((part) =>
    Object.entries(parts[part]).map(([array, value]) => [`${part}.${array}`, value] as const)
  );
  const rows: NdArray = { dtype: "int32", shape: [vocabulary.length], data: vocabulary };
  return encode(
    { ...Object.fromEntries(arrays), vocabulary: rows },
    { about: JSON.stringify({ name, classes, source }) },
  );
}

/** @throws SafetensorsError when the file is damaged or holds no task. */
export function decodeTextTask(bytes: Uint8Array): TextTask {
  const { tensors, metadata } = decodeWithMetadata(bytes, { file: "text task" });
  const array = (name: string) => {
    if (!isNdArray(tensors[name])) throw new SafetensorsError(`the task has no array "${name}"`);
    return tensors[name];
  };
  const batch = (part: TextPart): TextBatch => ({
    ids: array(`${part}.ids`),
    mask: array(`${part}.mask`),
    labels: array(`${part}.labels`),
  });
  if (!metadata.about) throw new SafetensorsError("the file does not say what task it is");
  return {
    ...JSON.parse(metadata.about),
    vocabulary: array("vocabulary").data as Int32Array,
    train: batch("train"),
    validation: batch("validation"),
    test: batch("test"),
  };
}
