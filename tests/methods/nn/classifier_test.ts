// Scores of logits, and the head on a small encoder.

import assert from "node:assert/strict";
import {
  type ClassifierHead,
  classify,
  decodeEncoder,
  encodeEncoder,
  initBert,
  initClassifier,
  scoreLogits,
  withVocabulary,
} from "../../../methods/nn/mod.ts";
import type { BertParams } from "../../../methods/nn/mod.ts";
import { compile, fromNested, load, type Tensor } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const config = { vocab: 9, width: 8, layers: 2, heads: 2, hidden: 12, positions: 6, types: 2 };
const params = initBert(stream(5, "encoder"), config);
const vocabulary = Int32Array.from({ length: 9 }, (_, i) => 10 * i);

Deno.test("scores are those of a hand-worked example", () => {
  const logits = fromNested([[2, 0, 0], [0, 1, 1], [0, 0, 0], [-1, 0, 3]]);
  const { accuracy, loss } = scoreLogits(logits, fromNested([0, 2, 1, 2], "int32"));
  assert.equal(accuracy, 0.5);
  const entropies = [
    Math.log(Math.exp(2) + 2) - 2,
    Math.log(1 + 2 * Math.E) - 1,
    Math.log(3),
    Math.log(Math.exp(-1) + 1 + Math.exp(3)) - 3,
  ];
  assert.ok(Math.abs(loss - entropies.reduce((a, b) => a + b) / 4) < 1e-12);
  assert.throws(() => scoreLogits(fromNested([[NaN, 0]]), fromNested([0], "int32")), {
    name: "TensorError",
    code: "runtime",
  });
});

Deno.test("padding does not reach the logits", async () => {
  const head = initClassifier(stream(5, "head"), 8, 3);
  const run = async (ids: number[][], mask: number[][]) => {
    const batch = { ids: fromNested(ids, "int32"), mask: fromNested(mask, "int32") };
    const program = compile(
      (p: BertParams, h: ClassifierHead, b: { ids: Tensor; mask: Tensor }) =>
        classify(config, p, h, b),
      [params, head, batch],
    );
    const executable = await load(program, { provider: "cpu" });
    const { data } = await executable.run(params, head, batch);
    await executable.dispose();
    return Array.from(data, Number);
  };
  const bare = await run([[1, 2, 3]], [[1, 1, 1]]);
  const padded = await run([[1, 2, 3, 7, 7]], [[1, 1, 1, 0, 0]]);
  assert.equal(bare.length, 3);
  bare.forEach((x, i) => assert.ok(Math.abs(x - padded[i]) < 1e-6));
  const unmasked = await run([[1, 2, 3, 7, 7]], [[1, 1, 1, 1, 1]]);
  assert.ok(bare.some((x, i) => Math.abs(x - unmasked[i]) > 1e-4));
});

Deno.test("an encoder is read as it was written, with the rows of other vocabularies", () => {
  const encoder = { config, params, vocabulary };
  const read = decodeEncoder(encodeEncoder(encoder));
  assert.deepEqual(read, encoder);
  const part = withVocabulary(read, Int32Array.of(30, 80));
  assert.equal(part.config.vocab, 2);
  const rows = params.embeddings.token.data as Float32Array;
  assert.deepEqual(
    [...part.params.embeddings.token.data],
    [...rows.subarray(24, 32), ...rows.subarray(64, 72)],
  );
  assert.throws(() => withVocabulary(read, Int32Array.of(31)), {
    name: "TensorError",
    code: "input",
  });
});
