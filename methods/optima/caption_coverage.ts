/** How well a tokenizer that was learnt from some captions fits others. */

import { type CaptionTokenizer, captionWords } from "../text/tokenizer.ts";
import { UNKNOWN } from "../text/tokens.ts";
import type { CaptionCoverage } from "./dataset.ts";

/**
 * Measures token counts and how many words are known.
 *
 * @param captions What to measure; no captions give zeros.
 * @param trained Captions that the tokenizer was learnt from.
 * @param tokenizer The tokenizer.
 * @param length Tokens that a caption may have, BOS and EOS included.
 */
export function measureCoverage(
  captions: readonly string[],
  trained: readonly string[],
  tokenizer: CaptionTokenizer,
  length: number,
): CaptionCoverage {
  const seen = new Set(trained.flatMap(captionWords));
  const pieces = new Set(tokenizer.vocabulary);
  const words = captions.flatMap(captionWords);
  const encoded = captions.map((caption) => tokenizer.encode(caption));
  const lengths = encoded.map((ids) => ids.length);
  const ids = encoded.flat();
  const share = (count: number, of: number) => of === 0 ? 0 : count / of;
  return {
    captions: captions.length,
    meanTokens: share(ids.length, captions.length),
    maxTokens: lengths.reduce((most, n) => Math.max(most, n), 0),
    truncated: share(lengths.filter((n) => n > length).length, captions.length),
    seenWords: share(words.filter((word) => seen.has(word)).length, words.length),
    wholeWords: share(words.filter((word) => pieces.has(word)).length, words.length),
    unknownTokens: share(ids.filter((id) => id === UNKNOWN).length, ids.length),
  };
}
