/** The tokenizer against the Python package `tokenizers`, and the fixed-length form of captions. */

import assert from "node:assert/strict";
import { captionWords, openTokenizer, trainTokenizer } from "../../../methods/text/tokenizer.ts";
import { BOS, decodePieces, EOS, PAD, UNKNOWN } from "../../../methods/text/tokens.ts";
import reference from "../../reference/tokenizer_ids.json" with { type: "json" };
import { CORPUS } from "./tokenizer_corpus.ts";

const file = trainTokenizer(CORPUS, 150);
const tokenizer = openTokenizer(file);

for (const { text, ids, decoded } of reference) {
  Deno.test(`the tokenizer treats ${JSON.stringify(text)} as Python's does`, () => {
    assert.deepEqual(tokenizer.encode(text), ids);
    assert.equal(tokenizer.decode(ids), decoded);
  });
}

Deno.test("trainTokenizer() makes frequent words whole and can spell unseen ones", () => {
  assert.ok(tokenizer.vocabulary.length <= 150);
  assert.equal(tokenizer.encode("button").length, 3);
  const unseen = tokenizer.encode("quixotic jazz 42");
  assert.ok(!unseen.includes(UNKNOWN));
  assert.equal(tokenizer.decode(unseen), "quixotic jazz 42");
});

Deno.test("every training caption survives encoding and decoding", () => {
  for (const caption of CORPUS) {
    const words = captionWords(caption).join(" ");
    assert.equal(tokenizer.decode(tokenizer.encode(caption)), words);
  }
});

Deno.test("encodeTo() pads short captions", () => {
  const { ids, truncated } = tokenizer.encodeTo("button", 6);
  assert.equal(truncated, false);
  assert.deepEqual([ids[0], ids[2], ...ids.subarray(3)], [BOS, EOS, PAD, PAD, PAD]);
});

Deno.test("encodeTo() cuts long captions and keeps their end mark", () => {
  const { ids, truncated } = tokenizer.encodeTo("face with tears of joy", 5);
  assert.equal(truncated, true);
  assert.equal(ids.length, 5);
  assert.equal(ids[4], EOS);
  assert.deepEqual([...ids.subarray(0, 4)], tokenizer.encode("face with tears of joy").slice(0, 4));
  assert.throws(() => tokenizer.encodeTo("face", 2), /at least 3, got 2/);
});

Deno.test("openTokenizer() refuses other special tokens", () => {
  assert.throws(
    () => openTokenizer({ ...file, model: { vocab: { "[UNK]": 0, "[PAD]": 1 } } }),
    /id 0 must be \[PAD\], it is \[UNK\]/,
  );
});

Deno.test("decodePieces() stops at the end mark and refuses unknown ids", () => {
  const ids = tokenizer.encode("button");
  assert.equal(decodePieces(tokenizer.vocabulary, [...ids, ...ids]), "button");
  assert.throws(() => decodePieces(tokenizer.vocabulary, [9999]), /9999 is outside/);
});
