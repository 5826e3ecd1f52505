// Unigram vocabularies against the Python packages `sentencepiece` and `tokenizers` (tests/reference/unigram.py).

import assert from "node:assert/strict";
import { toNumbers } from "../../../methods/tensor/mod.ts";
import { openBertTokenizer } from "../../../methods/text/bert_tokenizer.ts";
import { readCharsmap } from "../../../methods/text/charsmap.ts";
import { openSentencePiece, readSentencePiece } from "../../../methods/text/sentencepiece.ts";
import { openTokenizerFile } from "../../../methods/text/subwords.ts";
import reference from "../../reference/unigram.json" with { type: "json" };

const { spm, converted, texts, pairs } = reference;
const model = Uint8Array.from(atob(spm.model), (c) => c.charCodeAt(0));
const numbers = (line: string) => line === "" ? [] : line.split(" ").map(Number);

Deno.test("a spm.model gives the ids of sentencepiece, its map of characters included", () => {
  const { ids, marks } = openSentencePiece(model);
  assert.deepEqual(marks, { padding: 0, begin: 1, end: 2 });
  texts.forEach((text, i) =>
    assert.deepEqual(ids(text), numbers(spm.ids[i]), JSON.stringify(text))
  );
});

Deno.test("a tokenizer.json of a unigram gives the ids of the Python tokenizers, alone and in pairs", () => {
  const { ids } = openTokenizerFile(converted.file);
  converted.texts.forEach((text, i) =>
    assert.deepEqual(ids(text), numbers(converted.ids[i]), JSON.stringify(text))
  );
  const batch = openBertTokenizer(converted.file).encode(pairs as [string, string][], {
    longest: 20,
  });
  for (const part of ["ids", "types", "mask"] as const) {
    const expected = converted.pairs.flatMap((pair) => numbers(pair[part]));
    assert.deepEqual(toNumbers(batch[part]), expected, part);
  }
});

Deno.test("places() says which characters a piece stands for, or the word where spelling changed", () => {
  const { places, ids } = openSentencePiece(model);
  const text = "training  (1990). ½ ranked";
  const found = places(text);
  assert.deepEqual(found.map(({ id }) => id), ids(text));
  const words = [...new Set(found.map(({ start, end }) => text.slice(start, end)))];
  assert.ok(words.includes("½"));
  assert.equal(words.filter((word) => word !== "½").join(""), "training(1990).ranked");
  // "½" becomes "1/2": three characters for one, so each piece has the place of the word.
  const halves = found.filter(({ start }) => start === text.indexOf("½"));
  assert.ok(halves.length > 1 && halves.every(({ start, end }) => end === start + 1));
});

Deno.test("damaged model files, and models of another kind, are refused", () => {
  assert.throws(
    () => readSentencePiece(model.subarray(0, 700)),
    /spm\.model is no SentencePiece model/,
  );
  assert.throws(() => readSentencePiece(new TextEncoder().encode("no model")), /no SentencePiece/);
  // A model whose only other field says byte-pair encoding: trainer_spec { model_type: BPE }.
  const unknown = [0x0a, 0x07, 0x0a, 0x03, 0x55, 0x4e, 0x4b, 0x18, 0x02];
  assert.throws(
    () => readSentencePiece(Uint8Array.from([...unknown, 0x12, 0x02, 0x18, 0x02]), "x.model"),
    /x\.model is no unigram model/,
  );
  assert.throws(() => openSentencePiece(Uint8Array.from(unknown)), /no \[CLS\]/);
  assert.throws(() => readCharsmap(Uint8Array.from([9, 0, 0, 0, 1])), /damaged: a trie of 9 bytes/);
});
