// Batches of token ids against the Python package `tokenizers` (tests/reference/minilm.py).

import assert from "node:assert/strict";
import { openBertTokenizer } from "../../../methods/text/bert_tokenizer.ts";
import { toNumbers } from "../../../methods/tensor/mod.ts";
import reference from "../../reference/minilm.json" with { type: "json" };
import { minilmDirectory } from "../minilm.ts";

const directory = await minilmDirectory();
const open = async () =>
  openBertTokenizer(JSON.parse(await Deno.readTextFile(`${directory}/tokenizer.json`)));

Deno.test({
  name: "encode() gives the ids, masks and types of the Python tokenizers, cut and padded",
  ignore: directory === null,
  async fn() {
    const tokenizer = await open();
    for (const name of ["sentences", "pairs"] as const) {
      const { texts, longest, ...expected } = reference.minilm[name];
      const batch = tokenizer.encode(texts as string[] | [string, string][], { longest });
      for (const part of ["ids", "mask", "types"] as const) {
        assert.deepEqual(batch[part].shape, [texts.length, longest]);
        const wanted = expected[part].flatMap((row) => row.split(" ").map(Number));
        assert.deepEqual(toNumbers(batch[part]), wanted, `${part} of ${name}`);
      }
    }
  },
});

Deno.test({
  name: "encode() pads to the longest of the batch when asked, and refuses too little room",
  ignore: directory === null,
  async fn() {
    const tokenizer = await open();
    const { ids, mask } = tokenizer.encode(["a b", "a"], { longest: 50, pad: "batch" });
    assert.deepEqual(ids.shape, [2, 4]);
    assert.deepEqual(toNumbers(mask), [1, 1, 1, 1, 1, 1, 1, 0]);
    assert.deepEqual(tokenizer.encode([], { longest: 8, pad: "batch" }).ids.shape, [0, 0]);
    assert.throws(() => tokenizer.encode(["a"], { longest: 2 }), /at most 2 tokens/);
  },
});

Deno.test("a vocabulary without BERT's marks is refused", () => {
  const file = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: "a",
      continuing_subword_prefix: "##",
      vocab: { a: 0 },
    },
  };
  assert.throws(() => openBertTokenizer(file), /no \[CLS\]/);
});
