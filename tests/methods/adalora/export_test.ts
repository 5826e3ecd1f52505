// An adapted encoder as plain ONNX: the predictions of the adapted one, at the size of the frozen one.

import assert from "node:assert/strict";
import {
  adapterScale,
  initSvdAdapters,
  mergeSvdAdapters,
  type SvdAdapters,
  withSvdAdapters,
} from "../../../methods/adalora/mod.ts";
import {
  bert,
  type BertParams,
  exportModel,
  initBert,
  initLinear,
  linear,
  type LinearParams,
  meanPool,
} from "../../../methods/nn/mod.ts";
import {
  constant,
  type NdArray,
  ones,
  type Tensor,
  toNumbers,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { runPlainly } from "../nn/plain_session.ts";
import { distance, evaluate } from "../tensor/harness.ts";

const config = { vocab: 60, width: 16, layers: 2, heads: 2, hidden: 32, positions: 8, types: 2 };
const BATCH = 5, LENGTH = 7;
type Model = { encoder: BertParams; head: LinearParams };
const params = {
  encoder: initBert(stream(1, "encoder"), config),
  head: initLinear(stream(1, "head"), config.width, 3),
};
const ids = stream(1, "ids").integers(0, config.vocab, [BATCH, LENGTH]);
const present = constant(ones([BATCH, LENGTH]));

const logits = ({ encoder, head }: Model, ids: Tensor) =>
  linear(head, meanPool(bert(config, encoder, { ids }).last, present));

Deno.test("merged AdaLoRA exports to ONNX with the adapted predictions and the frozen size", async () => {
  const scale = adapterScale(16, 4);
  const start = initSvdAdapters(stream(2), params.encoder, { rank: 4, std: 0.3 });
  const adapters: SvdAdapters<NdArray> = Object.fromEntries(
    Object.entries(start).map(([path, adapter]) => [path, {
      ...adapter,
      lambda: stream(2, path, "lambda").normal([4], { std: 0.5 }),
    }]),
  );
  const adapted = ({ encoder, head }: Model, a: SvdAdapters, ids: Tensor) => {
    const { last } = bert(config, withSvdAdapters(encoder, a, scale), { ids });
    return linear(head, meanPool(last, present));
  };
  const expected = toNumbers(await evaluate(adapted, [params, adapters, ids]));
  const merged = { ...params, encoder: mergeSvdAdapters(params.encoder, adapters, scale) };
  const spec = [{ dtype: "int32", shape: [BATCH, LENGTH] }] as const;
  const after = exportModel(logits, merged, spec), before = exportModel(logits, params, spec);
  const found = Array.from(await runPlainly(after.onnx, ids));
  assert.ok(distance(found, expected) < 1e-5);
  // The update is no small one: the frozen model says something else.
  const frozen = Array.from(await runPlainly(before.onnx, ids));
  assert.ok(distance(frozen, expected) > 1e-2);
  assert.equal(after.parameters, before.parameters);
  assert.ok(Math.abs(after.onnx.length - before.onnx.length) < 100);
});
