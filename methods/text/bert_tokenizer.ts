/** Sentences and pairs of sentences as the padded batches that BERT-form encoders take. */

import { Tokenizer } from "@huggingface/tokenizers";
import type { NdArray } from "../tensor/mod.ts";
import type { TokenizerFile } from "./tokenizer.ts";

/** A batch of token sequences, each int32 [batch, n]. */
export interface EncodedBatch {
  readonly ids: NdArray;
  /** 1 for tokens, 0 for padding. */
  readonly mask: NdArray;
  /** 0 for the first text and its marks, 1 for the second. */
  readonly types: NdArray;
}

/** How long the sequences of a batch become. */
export interface BatchOptions {
  /** Most tokens, marks included; the longer text of a pair is cut first. */
  readonly longest: number;
  /** Pad to `longest`, so that programs of fixed shapes fit, or to the longest of the batch. @default "longest" */
  readonly pad?: "longest" | "batch";
}

/** Encodes texts for a BERT-form encoder. */
export interface BertTokenizer {
  /** One row for each text or pair of texts. */
  encode(
    texts: readonly (string | readonly [string, string])[],
    options: BatchOptions,
  ): EncodedBatch;
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
export function openBertTokenizer(file: TokenizerFile): BertTokenizer {
  const tokenizer = new Tokenizer(file, {});
  const mark = (token: string): number => {
    const id = tokenizer.token_to_id(token);
    if (id === undefined) throw new Error(`tokenizer.json: the vocabulary has no ${token}`);
    return id;
  };
  const begin = mark("[CLS]"), end = mark("[SEP]"), padding = mark("[PAD]");
  const pieces = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const sequence = (
    text: string | readonly [string, string],
    longest: number,
  ): { ids: number[]; second: number } => {
    if (typeof text === "string") {
      const ids = [begin, ...pieces(text).slice(0, longest - 2), end];
      return { ids, second: ids.length };
    }
    const [a, b] = text.map(pieces), room = longest - 3;
    const short = a.length > b.length ? b : a;
    const shortLength = Math.min(short.length, Math.floor(room / 2));
    const lengthOf = (part: number[]) => part === short ? shortLength : room - shortLength;
    const first = [begin, ...a.slice(0, lengthOf(a)), end];
    return { ids: [...first, ...b.slice(0, lengthOf(b)), end], second: first.length };
  };
  return {
    encode(texts, { longest, pad = "longest" }) {
      if (!(Number.isInteger(longest) && longest >= 3)) {
        throw new RangeError(`sequences of at most ${longest} tokens have no room for their marks`);
      }
      const rows = texts.map((text) => sequence(text, longest));
      const n = pad === "longest" ? longest : Math.max(0, ...rows.map(({ ids }) => ids.length));
      const size = rows.length * n;
      const ids = new Int32Array(size).fill(padding);
      const mask = new Int32Array(size), types = new Int32Array(size);
      rows.forEach(({ ids: row, second }, i) => {
        ids.set(row, i * n);
        mask.fill(1, i * n, i * n + row.length);
        types.fill(1, i * n + second, i * n + row.length);
      });
      const array = (data: Int32Array): NdArray => ({
        dtype: "int32",
        shape: [rows.length, n],
        data,
      });
      return { ids: array(ids), mask: array(mask), types: array(types) };
    },
  };
}
