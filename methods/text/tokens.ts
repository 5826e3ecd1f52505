/** Token ids that have a meaning of their own, and ids back to text. */

/** Mark of a piece that continues a word. */
export const CONTINUATION = "##";

/** Special tokens; the index is the id. */
export const SPECIAL_TOKENS = ["[PAD]", "[BOS]", "[EOS]", "[UNK]"] as const;
/** Id of padding. */
export const PAD = 0;
/** Id of the token before a caption. */
export const BOS = 1;
/** Id of the token after a caption. */
export const EOS = 2;
/** Id of a word with a character that the vocabulary lacks. */
export const UNKNOWN = 3;

/**
 * Joins pieces to text: special tokens are left out, `##` pieces are attached to their word.
 *
 * @param vocabulary Piece of each id.
 * @param ids Token ids; decoding stops at the first {@linkcode EOS}.
 */
export function decodePieces(vocabulary: readonly string[], ids: Iterable<number>): string {
  let text = "";
  for (const id of ids) {
    if (id === EOS) break;
    if (id === PAD || id === BOS || id === UNKNOWN) continue;
    const piece = vocabulary[id];
    if (piece === undefined) throw new Error(`token id ${id} is outside the vocabulary`);
    if (piece.startsWith(CONTINUATION)) text += piece.slice(CONTINUATION.length);
    else text += (text ? " " : "") + piece;
  }
  return text;
}
