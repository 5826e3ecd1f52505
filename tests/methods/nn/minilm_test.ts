// A real pre-trained encoder against Hugging Face transformers (tests/reference/minilm.py).

import assert from "node:assert/strict";
import {
  bert,
  bertConfigOf,
  bertFromCheckpoint,
  type BertParams,
  linearPaths,
  sentenceEmbedding,
} from "../../../methods/nn/mod.ts";
import { compile, load, type NdArray, type Tensor } from "../../../methods/tensor/mod.ts";
import { decode } from "../../../methods/tensor/safetensors.ts";
import { openBertTokenizer } from "../../../methods/text/bert_tokenizer.ts";
import reference from "../../reference/minilm.json" with { type: "json" };
import { minilmDirectory } from "../minilm.ts";
import { arrayOf, assertCompact, relativeError } from "./reference.ts";

const directory = await minilmDirectory();
const file = "model.fp16.safetensors";

type Batch = { ids: Tensor; mask: Tensor; types: Tensor };

Deno.test({
  name: "MiniLM gives the states and sentence embeddings of Hugging Face transformers",
  ignore: directory === null,
  async fn() {
    const json = async (name: string) =>
      JSON.parse(await Deno.readTextFile(`${directory}/${name}`));
    const config = bertConfigOf(await json("config.json"));
    const weights = decode(await Deno.readFile(`${directory}/${file}`), { file });
    const params = bertFromCheckpoint(config, weights);
    assert.equal(linearPaths(params).length, 6 * 6 + 1);
    const tokenizer = openBertTokenizer(await json("tokenizer.json"));
    const encoder = (p: BertParams, batch: Batch) => {
      const { hidden, last, pooled } = bert(config, p, batch);
      return { hidden, last, pooled: pooled!, embeddings: sentenceEmbedding(last, batch.mask) };
    };
    for (const name of ["sentences", "pairs"] as const) {
      const { texts, longest, ...expected } = reference.minilm[name];
      const batch = tokenizer.encode(texts as string[] | [string, string][], { longest });
      const program = compile(encoder, [params, batch]);
      const executable = await load(program, { provider: "cpu" });
      const { hidden, pooled, embeddings } = await executable.run(params, batch);
      await executable.dispose();
      assert.equal(hidden.length, 7);
      hidden.forEach((states: NdArray, i: number) =>
        assertCompact(states, expected.hidden[i], 1e-5, `${name}: states of layer ${i}`)
      );
      assertCompact(pooled, expected.pooled, 1e-5, `${name}: pooled`);
      // Unit vectors: 1e-5 of the length, not of the largest element.
      const wanted = arrayOf(expected.embeddings);
      assert.deepEqual(embeddings.shape, wanted.shape);
      const error = relativeError(embeddings.data as Float32Array, wanted.data as Float32Array, 1);
      assert.ok(error < 1e-6, `${name}: embeddings differ by ${error}`);
    }
  },
});
