// A tiny encoder and a task for it, for tests that train.

import { type Encoder, initBert } from "../../../../methods/nn/mod.ts";
import { fromNumbers, type NdArray } from "../../../../methods/tensor/mod.ts";
import { stream } from "../../../../methods/tensor/random.ts";
import type { TextBatch, TextTask } from "../../../../methods/text/text_task.ts";

const VOCAB = 12, TOKENS = 6;
const config = { vocab: VOCAB, width: 8, layers: 2, heads: 2, hidden: 16, positions: 8, types: 2 };
const vocabulary = Int32Array.from({ length: VOCAB }, (_, i) => i);

/** Texts whose label is whether their first token is of the upper half of the vocabulary. */
function texts(name: string, n: number): TextBatch {
  const ids = stream(5, name).child("ids").integers(0, VOCAB, [n, TOKENS]);
  const first = (i: number) => Number(ids.data[i * TOKENS]) >= VOCAB / 2 ? 1 : 0;
  const ones = new Array<number>(n * TOKENS).fill(1);
  const labels: NdArray = {
    dtype: "int32",
    shape: [n],
    data: Int32Array.from({ length: n }, (_, i) => first(i)),
  };
  return { ids, mask: fromNumbers(ones, [n, TOKENS], "int32"), labels };
}

/** Two blocks of width 8. */
export const tinyEncoder = (): Encoder => ({
  config,
  params: initBert(stream(5, "encoder"), config),
  vocabulary,
});

/** 40 texts to train on and 50 of each other part, of 6 tokens, in two classes. */
export const tinyTask = (): TextTask => ({
  name: "drawn",
  classes: ["low", "high"],
  vocabulary,
  source: { package: "none", version: "1", license: "none", attribution: "drawn" },
  train: texts("train", 40),
  validation: texts("validation", 50),
  test: texts("test", 50),
});
