/** Reads SentencePiece model files (`spm.model`, Kudo & Richardson, arXiv 1808.06226) of unigram models. */

import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { Tokenizer } from "@huggingface/tokenizers";
import { type Charsmap, readCharsmap } from "./charsmap.ts";
import { marksOf, type Subwords, subwordsOf } from "./subwords.ts";

/** What a model file says of a piece; the numbers are those of its format. */
const PIECE_TYPES = { unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;
const UNIGRAM = 1;
const SPACE = "▁";

/** A unigram model as far as encoding needs it. */
export interface SentencePieceModel {
  /** Pieces and their log probabilities; the index is the id. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  /** Id of what no piece spells. */
  readonly unknown: number;
  /** Ids of marks such as [CLS], which no text becomes. */
  readonly control: readonly number[];
  readonly normalise: Charsmap;
}

/** Calls `read` for each field of a message. */
function fieldsOf(
  bytes: Uint8Array,
  read: (field: number, reader: BinaryReader, wire: WireType) => void,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const at = reader.pos;
    read(field, reader, wire);
    if (reader.pos === at) reader.skip(wire);
  }
}

/**
 * Reads a model file.
 *
 * @param name What messages call the file.
 * @throws Error saying what is wrong: no such file, another kind of model, or one that this reader does
 *   not follow.
 */
export function readSentencePiece(bytes: Uint8Array, name = "spm.model"): SentencePieceModel {
  const pieces: [string, number][] = [];
  const types: number[] = [];
  let kind = UNIGRAM, map = new Uint8Array(0), suffix = false;
  try {
    fieldsOf(bytes, (field, reader) => {
      if (field === 1) {
        let piece = "", score = 0, type = 1;
        fieldsOf(reader.bytes(), (field, reader) => {
          if (field === 1) piece = reader.string();
          if (field === 2) score = reader.float();
          if (field === 3) type = reader.int32();
        });
        pieces.push([piece, score]);
        types.push(type);
      }
      if (field === 2) {
        fieldsOf(reader.bytes(), (field, reader) => {
          if (field === 3) kind = reader.int32();
          if (field === 24) suffix = reader.bool();
        });
      }
      if (field === 3) {
        fieldsOf(reader.bytes(), (field, reader) => {
          if (field === 2) map = new Uint8Array(reader.bytes());
        });
      }
    });
  } catch (error) {
    throw new Error(`${name} is no SentencePiece model: ${(error as Error).message}`);
  }
  const unknown = types.indexOf(PIECE_TYPES.unknown);
  if (unknown < 0) throw new Error(`${name} is no SentencePiece model: it has no unknown piece`);
  if (kind !== UNIGRAM) throw new Error(`${name} is no unigram model; other kinds are not read`);
  if (suffix || types.includes(PIECE_TYPES.byte)) {
    throw new Error(
      `${name} marks spaces after words or falls back on bytes, which is not supported`,
    );
  }
  return {
    pieces,
    unknown,
    control: types.flatMap((type, id) => type === PIECE_TYPES.control ? [id] : []),
    normalise: readCharsmap(map),
  };
}

/**
 * The tokenizer of a model file, with the marks that DeBERTa's has: [CLS], [SEP] and [PAD].
 *
 * Text is normalised by the file's own map of characters; words are then cut one by one, since no piece
 * goes beyond a word.
 *
 * @throws Error as {@linkcode readSentencePiece}, or when a mark is missing.
 */
export function openSentencePiece(bytes: Uint8Array, name = "spm.model"): Subwords {
  const { pieces, unknown, control, normalise } = readSentencePiece(bytes, name);
  // A mark that is spelt out in a text is text: in the lattice it stands as what no text contains.
  const vocab = pieces.map(([piece, score], id) => [
    control.includes(id) ? `\0${id}` : piece,
    score,
  ]);
  const tokenizer = new Tokenizer({
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: "Unigram", unk_id: unknown, vocab },
  }, {});
  const ids = new Map(pieces.map(([piece], id) => [piece, id]));
  return subwordsOf(marksOf((mark) => ids.get(mark), name), {
    words: (text) => normalise(text).split(/ +/).filter((word) => word !== ""),
    cut(word) {
      const { ids, tokens } = tokenizer.encode(SPACE + word, { add_special_tokens: false });
      return ids.map((id, i) => ({ id, text: tokens[i] }));
    },
  });
}
