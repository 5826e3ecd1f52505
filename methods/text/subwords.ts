/** Texts as pieces of a vocabulary, and where in the text each piece stands. */

import { Tokenizer } from "@huggingface/tokenizers";

/** The value of a `tokenizer.json` of any kind of vocabulary, as far as types can say. */
export interface VocabularyFile {
  readonly model: object;
  readonly pre_tokenizer?: { readonly type?: string } | null;
}

/** Ids of the marks around the texts of BERT-form encoders. */
export interface Marks {
  /** [CLS] */
  readonly begin: number;
  /** [SEP] */
  readonly end: number;
  /** [PAD] */
  readonly padding: number;
}

/** A piece of a text. */
export interface Subword {
  readonly id: number;
  /** First character, in UTF-16 units of the text. */
  readonly start: number;
  /** Behind the last character. */
  readonly end: number;
}

/** Cuts texts into the pieces of a vocabulary. */
export interface Subwords {
  readonly marks: Marks;
  /** Ids of the pieces of a text, without marks. */
  ids(text: string): number[];
  /**
   * The same pieces with their places. A piece of a word whose spelling was changed on the way (accents
   * taken off, ligatures dissolved, an unknown character) has the place of the whole word.
   */
  places(text: string): Subword[];
}

/** How a kind of vocabulary cuts. */
export interface WordCutter {
  /** The words of a text, as `cut` takes them. */
  words(text: string): string[];
  /** Pieces of a word; `text` as the vocabulary spells it, with marks of words and continuations. */
  cut(word: string): { readonly id: number; readonly text: string }[];
}

/** @throws Error naming the mark that is missing. */
export function marksOf(find: (mark: string) => number | undefined, name: string): Marks {
  const id = (mark: string): number => {
    const found = find(mark);
    if (found === undefined) throw new Error(`${name}: the vocabulary has no ${mark}`);
    return found;
  };
  return { begin: id("[CLS]"), end: id("[SEP]"), padding: id("[PAD]") };
}

/** Most words whose pieces are remembered; texts repeat few words most of the time. */
const REMEMBERED = 200_000;

/** {@linkcode Subwords} by words, which are cut once each. */
export function subwordsOf(marks: Marks, { words, cut }: WordCutter): Subwords {
  const known = new Map<string, ReturnType<WordCutter["cut"]>>();
  const pieces = (word: string) => {
    const before = known.get(word);
    if (before) return before;
    const fresh = cut(word);
    if (known.size >= REMEMBERED) known.clear();
    known.set(word, fresh);
    return fresh;
  };
  return {
    marks,
    ids: (text) => words(text).flatMap((word) => pieces(word).map(({ id }) => id)),
    places: (text) =>
      [...text.matchAll(/\S+/g)].flatMap(({ 0: word, index }) =>
        placed(words(word).flatMap(pieces), word, index)
      ),
  };
}

function placed(
  pieces: readonly { id: number; text: string }[],
  word: string,
  start: number,
): Subword[] {
  const lengths = pieces.map(({ text }) => text.replace(/^(##|▁)/, "").length);
  const whole = lengths.reduce((a, b) => a + b, 0) !== word.length;
  let at = start;
  return pieces.map(({ id }, i) => {
    if (whole) return { id, start, end: start + word.length };
    const from = at;
    at += lengths[i];
    return { id, start: from, end: at };
  });
}

/**
 * The vocabulary of a `tokenizer.json` with the marks [CLS], [SEP] and [PAD]: WordPiece as BERT has it,
 * or Unigram with a metaspace as DeBERTa has it.
 *
 * @throws Error naming the mark that is missing.
 */
export function openTokenizerFile(file: VocabularyFile, name = "tokenizer.json"): Subwords {
  const tokenizer = new Tokenizer(file, {});
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false });
  // BERT's rules never join what a space parts, so that words are cut once each: many times as fast.
  const byWord = file.pre_tokenizer?.type === "BertPreTokenizer";
  const subwords = subwordsOf(marksOf((mark) => tokenizer.token_to_id(mark), name), {
    words: (text) =>
      byWord
        ? text.split(/[ \t\n\r]+/).filter((word) => word !== "")
        : text.trim() === ""
        ? []
        : [text],
    cut(word) {
      const { ids, tokens } = encode(word);
      return ids.map((id, i) => ({ id, text: tokens[i] }));
    },
  });
  // Other files may cut whole texts otherwise than word by word.
  return byWord ? subwords : { ...subwords, ids: (text) => encode(text).ids };
}
