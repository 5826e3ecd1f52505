// A compressed encoder as plain ONNX: rows taken out, the same predictions, a smaller file.

import assert from "node:assert/strict";
import {
  compact,
  type CompactLinear,
  type LowRanks,
  remainingEntries,
  residualsOf,
  splitLinears,
  withCompact,
  withLowRanks,
  withResiduals,
} from "../../../methods/losparse/mod.ts";
import {
  bert,
  type BertParams,
  exportModel,
  initBert,
  linearArrays,
  meanPool,
} from "../../../methods/nn/mod.ts";
import {
  constant,
  type NdArray,
  ndarray,
  ones,
  type Tensor,
  toNumbers,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { runPlainly } from "../nn/plain_session.ts";
import { distance, evaluate } from "../tensor/harness.ts";

const config = { vocab: 20, width: 32, layers: 2, heads: 2, hidden: 64, positions: 8, types: 2 };
const BATCH = 5, LENGTH = 7;
const encoder = initBert(stream(1, "encoder"), config);
const ids = stream(1, "ids").integers(0, config.vocab, [BATCH, LENGTH]);
const spec = [{ dtype: "int32", shape: [BATCH, LENGTH] }] as const;
const present = constant(ones([BATCH, LENGTH]));

type Compressed = { params: BertParams; maps: { [path: string]: CompactLinear } };
const pooled = (params: Parameters<typeof bert>[1], ids: Tensor) =>
  meanPool(bert(config, params, { ids }).last, present);
const trainedForward = (params: BertParams, lowRanks: LowRanks, ids: Tensor) =>
  pooled(withLowRanks(params, lowRanks), ids);
const compactForward = ({ params, maps }: Compressed, ids: Tensor) =>
  pooled(withCompact(params, maps), ids);

/** Zeroes rows of S by a rule, as pruning leaves them. */
function pruned(
  params: BertParams<NdArray>,
  paths: string[],
  keep: (path: string, j: number) => boolean,
) {
  const residuals = residualsOf<NdArray>(params, paths);
  const cut = Object.fromEntries(
    Object.entries(residuals).map(([path, { data, shape }]) => {
      const kept = Float32Array.from(
        data as Float32Array,
        (x, k) => keep(path, k % shape[1]) ? x : 0,
      );
      return [path, ndarray(kept, shape)];
    }),
  );
  return withResiduals(params, cut);
}

Deno.test("a compressed encoder exports to ONNX with the trained predictions, much smaller", async () => {
  const { params, lowRanks } = splitLinears(encoder, { ratio: 0.1 });
  const paths = Object.keys(lowRanks);
  // Some rows, all rows, no rows.
  const cut = pruned(
    params,
    paths,
    (path, j) => path === "blocks.0.mlp.up" || (path !== "blocks.1.mlp.down" && j % 8 === 3),
  );
  const small = compact(cut, lowRanks);
  assert.equal(small.maps["blocks.0.mlp.up"].sparse!.w.shape[1], config.hidden);
  assert.equal(small.maps["blocks.1.mlp.down"].sparse, undefined);
  const expected = toNumbers(await evaluate(trainedForward, [cut, lowRanks, ids]));
  const before = exportModel(pooled, encoder, spec);
  const after = exportModel(compactForward, small, spec);
  const found = Array.from(await runPlainly(after.onnx, ids));
  assert.ok(distance(found, expected) < 1e-5);
  assert.ok(distance(Array.from(await runPlainly(before.onnx, ids)), expected) > 1e-3);

  const left = remainingEntries(small, linearArrays(encoder));
  assert.ok(left.ratio > 0.2 && left.ratio < 0.45, `${left.ratio}`);
  // What is gone from the weights is gone from the file, but for the places and some nodes.
  const saved = 4 * (left.dense - left.lowRank - left.sparse);
  const smaller = before.onnx.length - after.onnx.length;
  assert.ok(smaller > 0.8 * saved && smaller <= saved, `${smaller} of ${saved} bytes`);
});

Deno.test("maps without a low-rank part, with rows or without any, are compressed too", async () => {
  const paths = Object.keys(linearArrays(encoder));
  const cut = pruned(encoder, paths, (path, j) => path.includes("attention") ? j % 3 === 0 : false);
  const small = compact(cut, {}, paths);
  const expected = toNumbers(await evaluate(pooled, [cut, ids]));
  const found = toNumbers(await evaluate(compactForward, [small, ids]));
  assert.ok(distance(found, expected) < 1e-5);
});
