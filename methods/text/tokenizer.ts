/** Captions to token ids and back, through a standard `tokenizer.json`. */

import { Tokenizer } from "@huggingface/tokenizers";
import { BOS, CONTINUATION, decodePieces, EOS, PAD, SPECIAL_TOKENS, UNKNOWN } from "./tokens.ts";
import { trainWordPiece } from "./wordpiece_trainer.ts";

/** Longest word in characters; longer ones are unknown (the customary limit of WordPiece). */
const MAX_WORD = 100;

const NORMALIZER = {
  type: "BertNormalizer",
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: true,
  lowercase: true,
};

/** The structure of `tokenizer.json` as far as this module reads it. */
export interface TokenizerFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

/** Encodes captions and decodes ids. */
export interface CaptionTokenizer {
  /** Piece of each id. */
  readonly vocabulary: readonly string[];
  /** Ids with BOS and EOS, not padded nor cut. */
  encode(caption: string): number[];
  /**
   * Ids of fixed length: cut so that EOS stays last, padded with {@linkcode PAD}.
   * @param length At least 3.
   */
  encodeTo(caption: string, length: number): { ids: Int32Array; truncated: boolean };
  /** Text without special tokens. */
  decode(ids: readonly number[]): string;
}

/**
 * The words that the tokenizer splits a caption into before it looks up pieces: runs without white
 * space, each punctuation character for itself.
 */
export function captionWords(caption: string): string[] {
  return caption.toLowerCase().match(/[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+/gu) ?? [];
}

/**
 * Learns a tokenizer from captions.
 *
 * @param captions Training captions; repeated captions count repeatedly.
 * @param size Vocabulary size wanted, special tokens included.
 * @returns The value of a `tokenizer.json` that the `tokenizers` libraries read.
 */
export function trainTokenizer(captions: Iterable<string>, size: number): TokenizerFile {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of captionWords(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const pieces = trainWordPiece(counts, { size, special: SPECIAL_TOKENS });
  const special = (id: number) => ({ SpecialToken: { id: SPECIAL_TOKENS[id], type_id: 0 } });
  const sequence = (id: "A" | "B") => ({ Sequence: { id, type_id: 0 } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: NORMALIZER,
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special(BOS), sequence("A"), special(EOS)],
      pair: [special(BOS), sequence("A"), sequence("B"), special(EOS)],
      special_tokens: Object.fromEntries([BOS, EOS].map((id) => [SPECIAL_TOKENS[id], {
        id: SPECIAL_TOKENS[id],
        ids: [id],
        tokens: [SPECIAL_TOKENS[id]],
      }])),
    },
    decoder: { type: "WordPiece", prefix: CONTINUATION, cleanup: false },
    model: {
      type: "WordPiece",
      unk_token: SPECIAL_TOKENS[UNKNOWN],
      continuing_subword_prefix: CONTINUATION,
      max_input_chars_per_word: MAX_WORD,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  } as TokenizerFile;
}

/**
 * Makes a tokenizer ready for use.
 *
 * @param file The value of a `tokenizer.json` made by {@linkcode trainTokenizer}.
 * @throws Error when the special tokens do not have the ids of {@linkcode SPECIAL_TOKENS}.
 */
export function openTokenizer(file: TokenizerFile): CaptionTokenizer {
  const vocabulary: string[] = [];
  for (const [piece, id] of Object.entries(file.model.vocab)) vocabulary[id] = piece;
  SPECIAL_TOKENS.forEach((token, id) => {
    if (vocabulary[id] !== token) {
      throw new Error(`tokenizer.json: id ${id} must be ${token}, it is ${vocabulary[id]}`);
    }
  });
  const tokenizer = new Tokenizer(file, {});
  const encode = (caption: string) => tokenizer.encode(caption).ids;
  return {
    vocabulary,
    encode,
    encodeTo(caption, length) {
      if (!(length >= 3)) throw new Error(`encodeTo: length must be at least 3, got ${length}`);
      const all = encode(caption);
      const truncated = all.length > length;
      const ids = new Int32Array(length).fill(PAD);
      ids.set(truncated ? [...all.slice(0, length - 1), EOS] : all);
      return { ids, truncated };
    },
    decode: (ids) => decodePieces(vocabulary, ids),
  };
}
