// A vocab.txt against Hugging Face's BertTokenizer (tests/reference/vocabulary.py).

import assert from "node:assert/strict";
import { openTokenizerFile } from "../../../methods/text/subwords.ts";
import { vocabularyFile } from "../../../methods/text/vocabulary_text.ts";
import reference from "../../reference/vocabulary.json" with { type: "json" };

for (const form of ["lower", "cased"] as const) {
  Deno.test(`a vocab.txt gives the ids of BertTokenizer, ${form}`, () => {
    const { ids } = openTokenizerFile(vocabularyFile(reference.vocabulary, form === "lower"));
    reference.texts.forEach((text, i) =>
      assert.equal(ids(text).join(" "), reference[form][i], JSON.stringify(text))
    );
  });
}

Deno.test("a vocabulary with a piece twice, or without a mark, is refused by its line", () => {
  const twice = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n";
  assert.throws(() => vocabularyFile(twice, true), /vocab\.txt:6: "a", which is on line 5 too/);
  assert.throws(() => vocabularyFile("[PAD]\n[UNK]\n[SEP]\n", true), /no \[CLS\]/);
});
