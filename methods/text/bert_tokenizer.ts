/** Sentences and pairs of sentences as the padded batches that BERT-form encoders take. */

import { type BatchOptions, type EncodedBatch, padded, sequenceOf } from "./sequences.ts";
import { openTokenizerFile, type Subwords, type VocabularyFile } from "./subwords.ts";

export type { BatchOptions, EncodedBatch };

/** Encodes texts for a BERT-form encoder. */
export interface BertTokenizer {
  /** One row for each text or pair of texts. */
  encode(
    texts: readonly (string | readonly [string, string])[],
    options: BatchOptions,
  ): EncodedBatch;
}

/** A tokenizer of any vocabulary with the marks of BERT. */
export function bertTokenizerOf({ marks, ids }: Subwords): BertTokenizer {
  return {
    encode(texts, { longest, pad = "longest" }) {
      const sequences = texts.map((text) =>
        sequenceOf(
          typeof text === "string" ? [ids(text)] : [ids(text[0]), ids(text[1])],
          longest,
          marks,
        )
      );
      const lengths = sequences.map(({ ids }) => ids.length);
      return padded(sequences, pad === "longest" ? longest : Math.max(0, ...lengths), marks);
    },
  };
}

/**
 * Makes the tokenizer of a BERT-form checkpoint ready for use. Lengths and padding are set here, not
 * by the file's own `truncation` and `padding`.
 *
 * @param file The value of the checkpoint's `tokenizer.json`.
 * @throws Error when the vocabulary lacks `[CLS]`, `[SEP]` or `[PAD]`.
 *
 * @example
 * ```ts
 * import { openBertTokenizer } from "./bert_tokenizer.ts";
 *
 * const open = async (directory: string) =>
 *   openBertTokenizer(JSON.parse(await Deno.readTextFile(`${directory}/tokenizer.json`)));
 * // (await open(directory)).encode(["A sentence.", "Another one."], { longest: 64 })
 * ```
 */
export function openBertTokenizer(file: VocabularyFile): BertTokenizer {
  return bertTokenizerOf(openTokenizerFile(file));
}
