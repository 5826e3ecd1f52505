// BERT's oldest form of a vocabulary, `vocab.txt`: a piece on each line, the line's number is its id.

import type { VocabularyFile } from "./subwords.ts";
import { UserFileError } from "./user_file.ts";

const MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/** Longest word in characters; longer ones are unknown (the limit of BERT's code). */
const LONGEST_WORD = 100;

/**
 * The value of a `tokenizer.json` for a `vocab.txt`.
 *
 * @param lowercase whether the model takes lower case without accents, as the `uncased` ones do.
 * @throws UserFileError naming a mark that is missing, or a line that comes twice.
 */
export function vocabularyFile(
  text: string,
  lowercase: boolean,
  name = "vocab.txt",
): VocabularyFile & Record<string, unknown> {
  const vocab: Record<string, number> = {};
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines[lines.length - 1] === "") lines.pop();
  lines.forEach((piece, id) => {
    if (Object.hasOwn(vocab, piece)) {
      const found = `${JSON.stringify(piece)}, which is on line ${vocab[piece] + 1} too`;
      throw new UserFileError({ file: name, line: id + 1 }, found, "a piece on one line only");
    }
    vocab[piece] = id;
  });
  const missing = MARKS.find((mark) => mark !== "[MASK]" && !Object.hasOwn(vocab, mark));
  if (missing) throw new UserFileError({ file: name }, `no ${missing}`, "a vocabulary of BERT");
  return {
    version: "1.0",
    added_tokens: MARKS.filter((mark) => Object.hasOwn(vocab, mark)).map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: LONGEST_WORD,
      vocab,
    },
  };
}
