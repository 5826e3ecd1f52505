/** Recall, with ties and shared captions, and reading off curves. */

import assert from "node:assert/strict";
import { interpolate, meanRecall, recall } from "../../../methods/optima/scores.ts";
import { type NdArray, ndarray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const rows = (...values: number[][]): NdArray =>
  ndarray(Float32Array.from(values.flat()), [values.length, values[0].length]);
const eye = (n: number) =>
  rows(...Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => +(i === j))));
const names = (n: number) => Array.from({ length: n }, (_, i) => `n${i}`);

Deno.test("recall() is 1 when every query is nearest to its own", () => {
  assert.deepEqual(recall(eye(12), eye(12), names(12)), { 1: 1, 5: 1, 10: 1 });
});

Deno.test("recall() counts the wrong answers before the right one", () => {
  // Query i has similarity j − 12·[j = i]·r: answers ranked by index, its own one pushed to rank r.
  const n = 12, ranks = [0, 0, 1, 4, 5, 5, 9, 9, 9, 10, 11, 11];
  const queries = eye(n);
  const gallery = rows(...Array.from({ length: n }, (_, j) =>
    Array.from({ length: n }, (_, i) => {
      const others = names(n).map((_, k) => k).filter((k) => k !== i);
      return j === i ? 100 - ranks[i] - 0.5 : 100 - others.indexOf(j) - 1;
    })));
  // Its own at 99.5 − r, the others at 99, 98, …: r of them come before.
  assert.deepEqual(recall(queries, gallery, names(n)), { 1: 2 / 12, 5: 4 / 12, 10: 9 / 12 });
});

Deno.test("recall() takes any item with the query's caption as right", () => {
  const gallery = rows([0, 1], [1, 0], [0.6, 0.8]);
  const queries = rows([1, 0], [0, 1], [1, 0]);
  assert.equal(recall(queries, gallery, ["a", "b", "c"])[1], 0);
  // Query 0 finds item 1, query 1 item 0; query 2 still finds a wrong one first.
  assert.equal(recall(queries, gallery, ["a", "a", "c"])[1], 2 / 3);
});

Deno.test("recall() breaks ties against the query, so that collapsed embeddings score nothing", () => {
  const same = rows(...Array.from({ length: 12 }, () => [1, 0]));
  assert.deepEqual(recall(same, same, names(12)), { 1: 0, 5: 0, 10: 0 });
  assert.equal(recall(same, same, names(12).fill("a"))[1], 1);
  const tie = rows([1, 0], [1, 0], [0, 1]);
  assert.equal(recall(tie, tie, names(3))[1], 1 / 3);
});

Deno.test("recall() gives nothing for similarities that are not numbers", () => {
  const broken = rows(...Array.from({ length: 12 }, () => [NaN, 0]));
  assert.deepEqual(recall(broken, broken, names(12)), { 1: 0, 5: 0, 10: 0 });
});

Deno.test("recall() agrees with ranking by sorting on random vectors", () => {
  const n = 30, width = 6;
  const queries = stream(1, "q").normal([n, width]), gallery = stream(1, "g").normal([n, width]);
  const labels = names(n).map((_, i) => `n${i % 20}`);
  const at = (x: NdArray, i: number, k: number) => Number(x.data[i * width + k]);
  const expected = { 1: 0, 5: 0, 10: 0 };
  for (let i = 0; i < n; i++) {
    const ranked = names(n).map((_, j) => {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += at(queries, i, k) * at(gallery, j, k);
      return { right: labels[j] === labels[i], dot };
    }).sort((a, b) => b.dot - a.dot);
    const rank = ranked.findIndex(({ right }) => right);
    for (const k of [1, 5, 10] as const) if (rank < k) expected[k] += 1 / n;
  }
  const actual = recall(queries, gallery, labels);
  for (const k of [1, 5, 10] as const) {
    assert.ok(Math.abs(actual[k] - expected[k]) < 1e-12, `at ${k}`);
  }
  assert.ok(actual[1] < actual[5] && actual[5] < actual[10]);
});

Deno.test("meanRecall() weighs galleries alike whatever their size", () => {
  const mean = meanRecall([{ 1: 0, 5: 0.5, 10: 1 }, { 1: 0.5, 5: 0.5, 10: 0.5 }]);
  assert.deepEqual(mean, { 1: 0.25, 5: 0.5, 10: 0.75 });
});

Deno.test("interpolate() meets the points, is linear between them, and holds the ends", () => {
  const xs = [0, 10, 30], ys = [5, 3, 7];
  xs.forEach((x, i) => assert.equal(interpolate(xs, ys, x), ys[i]));
  assert.equal(interpolate(xs, ys, 5), 4);
  assert.equal(interpolate(xs, ys, 25), 6);
  assert.equal(interpolate(xs, ys, -1), 5);
  assert.equal(interpolate(xs, ys, 31), 7);
});
