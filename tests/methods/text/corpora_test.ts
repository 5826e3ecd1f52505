// Corpora from files of their packages' form.

import assert from "node:assert/strict";
import {
  brownCorpus,
  CorpusError,
  definitionCorpus,
  reviewCorpus,
  taggedCorpus,
} from "../../../methods/text/corpora.ts";

Deno.test("reviews lose their line breaks and keep their sentiment", () => {
  const { texts } = reviewCorpus([{ t: "Dull.<br /><br />Long.", s: 0 }, { t: "Fine.", s: 1 }]);
  assert.deepEqual(texts, [{ text: "Dull.  Long.", label: 0 }, { text: "Fine.", label: 1 }]);
  const [{ text }] = reviewCorpus([{ t: " It began well. It\nended badly. ", s: 0 }], 2).texts;
  assert.equal(text, "ended badly.");
  for (const wrong of [{}, [{ t: "no sentiment" }], [{ t: "x", s: 2 }], [null]]) {
    assert.throws(() => reviewCorpus(wrong), CorpusError);
  }
});

Deno.test("classes are the most frequent tags, and questions of two of them are left out", () => {
  const lines = [
    "__label__bread __label__oven Why does it rise?",
    "__label__bread How long?",
    "__label__eggs __label__oven Are they done?",
    "__label__eggs __label__bread Both?",
    "__label__eggs Fresh?",
    "__label__tea Green or black?",
    "",
  ].join("\n");
  assert.deepEqual(taggedCorpus(lines, 2), {
    classes: ["bread", "eggs"],
    texts: [
      { text: "Why does it rise?", label: 0 },
      { text: "How long?", label: 0 },
      { text: "Are they done?", label: 1 },
      { text: "Fresh?", label: 1 },
    ],
  });
  assert.throws(() => taggedCorpus("a question without a tag", 2), CorpusError);
  assert.throws(() => taggedCorpus("__label__tea", 2), CorpusError);
});

Deno.test("passages of the Brown corpus are whole sentences of one document", () => {
  const document = [
    "\n\n\t``/`` One/cd half/abn 1/2/cd ''/''\n\n\n\tTwo/cd ./.",
    "\n\tThree/cd four/cd five/cd\n\tleft/vbn over/rp\n",
  ].join("\n");
  const { classes, texts } = brownCorpus(new Map([["cj07", document]]), 5);
  assert.equal(classes[texts[0].label], "learned");
  assert.deepEqual(texts.map(({ text, group }) => [text, group]), [
    ['" One half 1/2 "', "cj07"],
    ["Two . Three four five", "cj07"],
  ]);
  assert.throws(() => brownCorpus(new Map([["cq01", document]]), 5), CorpusError);
  assert.throws(() => brownCorpus(new Map([["cats.txt", document]]), 5), CorpusError);
});

Deno.test("definitions of nouns have the domain of their file, without examples", () => {
  const lines = [
    "  1 This is the licence.  ",
    '00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which exists; "an entity"',
    "00015568 05 n 01 cat 0 001 @ 00004475 n 0000 | a small feline  ",
    "00015569 05 n 01 dog 0 001 @ 00004475 n 0000 | a loyal companion; barks",
    "",
  ].join("\n");
  assert.deepEqual(definitionCorpus(lines, 1), {
    classes: ["animal"],
    texts: [
      { text: "a small feline", label: 0 },
      { text: "a loyal companion; barks", label: 0 },
    ],
  });
  assert.equal(definitionCorpus(lines, 5).texts.length, 3);
  assert.throws(() => definitionCorpus("00001740 29 v 01 breathe | to breathe", 2), CorpusError);
});
