/** The vocabulary trainer on corpora small enough to follow by hand. */

import assert from "node:assert/strict";
import { trainWordPiece } from "../../../methods/text/wordpiece_trainer.ts";

const SPECIAL = ["[PAD]", "[UNK]"];
const LETTERS = 2 * 36;

Deno.test("trainWordPiece() merges the most frequent pair first", () => {
  // low ×5, lower ×2, newest ×6, widest ×3: the example of Sennrich et al. 2016, where e+s, es+t come first.
  const words = new Map([["low", 5], ["lower", 2], ["newest", 6], ["widest", 3]]);
  const pieces = trainWordPiece(words, { size: SPECIAL.length + LETTERS + 5, special: SPECIAL });
  assert.deepEqual(pieces.slice(0, 2), SPECIAL);
  assert.deepEqual(pieces.slice(2 + LETTERS), ["##es", "##est", "##ow", "low", "##ew"]);
});

Deno.test("trainWordPiece() does not depend on the order of the words", () => {
  const words: [string, number][] = [["abab", 3], ["baba", 3], ["aabb", 3], ["bbaa", 3]];
  const options = { size: 90, special: SPECIAL };
  assert.deepEqual(
    trainWordPiece(new Map(words), options),
    trainWordPiece(new Map(words.toReversed()), options),
  );
});

Deno.test("trainWordPiece() stops when no pair is frequent enough", () => {
  const pieces = trainWordPiece(new Map([["ab", 2], ["cd", 1]]), { size: 500, special: SPECIAL });
  assert.equal(pieces.length, 2 + LETTERS + 1);
  assert.equal(pieces.at(-1), "ab");
});

Deno.test("trainWordPiece() keeps other characters that occur and refuses too small a size", () => {
  const pieces = trainWordPiece(new Map([["é!", 1]]), { size: 100, special: SPECIAL });
  assert.ok(pieces.includes("é") && pieces.includes("##!"));
  assert.throws(
    () => trainWordPiece(new Map(), { size: 10, special: SPECIAL }),
    /vocabulary size 10 is less than the 74/,
  );
});
