/**
 * Learns a WordPiece vocabulary the way the `tokenizers` library does: byte-pair merges of frequent
 * neighbours over words (Sennrich, Haddow & Birch 2016, algorithm 1), pieces inside a word marked
 * with `##`. The vocabulary is then used by greedy longest match (Wu et al. 2016, section 4.1).
 */

import { CONTINUATION } from "./tokens.ts";

const SPELLING = [..."abcdefghijklmnopqrstuvwxyz0123456789"];

/** How to learn a vocabulary. */
export interface WordPieceOptions {
  /** Pieces in the vocabulary, special tokens included; fewer when no pair is left to merge. */
  readonly size: number;
  /** First entries of the vocabulary, in this order. */
  readonly special: readonly string[];
  /** Pairs seen less often are not merged. @default 2 */
  readonly minFrequency?: number;
}

interface Word {
  pieces: string[];
  readonly count: number;
}

/**
 * Learns pieces from words. Latin letters and digits are always pieces, so that every word of them
 * can be spelt; other characters only when seen. Ties between pairs go to the first in code order,
 * so the result depends on the counts alone.
 *
 * @param words Word → how often it occurs. Words are non-empty, without white space.
 * @returns Pieces; the index is the token id.
 */
export function trainWordPiece(
  words: ReadonlyMap<string, number>,
  options: WordPieceOptions,
): string[] {
  const { size, special, minFrequency = 2 } = options;
  const corpus: Word[] = [...words].sort(([a], [b]) => compare(a, b)).map(([word, count]) => ({
    pieces: [...word].map((letter, i) => i === 0 ? letter : CONTINUATION + letter),
    count,
  }));
  const alphabet = new Set(SPELLING.flatMap((letter) => [letter, CONTINUATION + letter]));
  for (const { pieces } of corpus) for (const piece of pieces) alphabet.add(piece);
  const vocabulary = new Set([...special, ...[...alphabet].sort(compare)]);
  if (size < vocabulary.size) {
    throw new Error(
      `vocabulary size ${size} is less than the ${vocabulary.size} special tokens and letters`,
    );
  }
  while (vocabulary.size < size) {
    const best = mostFrequentPair(corpus, minFrequency);
    if (!best) break;
    const merged = best.left + best.right.slice(CONTINUATION.length);
    vocabulary.add(merged);
    for (const word of corpus) word.pieces = merge(word.pieces, best.left, best.right, merged);
  }
  return [...vocabulary];
}

function mostFrequentPair(
  corpus: readonly Word[],
  minFrequency: number,
): { left: string; right: string } | null {
  const counts = new Map<string, number>();
  for (const { pieces, count } of corpus) {
    for (let i = 1; i < pieces.length; i++) {
      const pair = pieces[i - 1] + " " + pieces[i];
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | null = null;
  let most = Math.max(1, minFrequency) - 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== null && compare(pair, best) < 0)) {
      best = pair;
      most = count;
    }
  }
  if (best === null) return null;
  const [left, right] = best.split(" ");
  return { left, right };
}

function merge(pieces: string[], left: string, right: string, merged: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      result.push(merged);
      i++;
    } else {
      result.push(pieces[i]);
    }
  }
  return result;
}

/** Code unit order: the same everywhere, unlike `localeCompare`. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
