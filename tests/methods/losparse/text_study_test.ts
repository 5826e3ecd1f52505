// The study on text with a tiny encoder: budgets are kept, methods differ, wrong budgets are refused.

import assert from "node:assert/strict";
import {
  compression,
  type LowRanks,
  openTextStudy,
  splitLinears,
  TEXT_METHODS,
  type TextMethod,
} from "../../../methods/losparse/mod.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import { tinyEncoder, tinyTask } from "../../stages/common/text/tiny.ts";

const encoder = tinyEncoder(), task = tinyTask();
const factors: LowRanks<NdArray> = splitLinears(encoder.params, {
  ratio: 0.5,
  where: (path) => path.startsWith("blocks."),
}).lowRanks;
const budget = { ratio: 0.5, lowRank: 0.25 };
const training = {
  steps: 24,
  batch: 8,
  texts: 40,
  rise: 2,
  warmup: 3,
  cooldown: 9,
  every: 3,
  clip: 1,
};
const place = { provider: "cpu", threads: 1 } as const;

async function outcomeOf(method: TextMethod) {
  const study = await openTextStudy(method, { task, encoder, factors }, budget, training, place);
  const run = await study.run(0, 0.01, "test");
  await study.dispose();
  return { study, ...run };
}

const all = new Map(
  await Promise.all(TEXT_METHODS.map(async (method) => [method, await outcomeOf(method)] as const)),
);

Deno.test("every method learns, and what remains is at most its budget and at most a row below it", () => {
  for (const [method, { study, outcome }] of all) {
    const { curve, ratio, rows } = outcome;
    assert.equal(curve.length, training.steps, method);
    assert.ok(curve.at(-1)! < curve[0], `${method}: ${curve[0]} to ${curve.at(-1)}`);
    assert.equal(rows !== undefined, !["dense", "low_rank"].includes(method), method);
    if (method === "dense") assert.equal(ratio, 1);
    else if (rows) {
      assert.ok(ratio <= 0.5 && ratio > 0.47, `${method}: ${ratio}`);
      const live = rows.kept.reduce((a, b) => a + b), rank = study.outputs.reduce((a, b) => a + b);
      assert.ok(live > 0 && live < rank, method);
    } else assert.ok(Math.abs(ratio - 0.5) < 0.05, `${method}: ${ratio}`);
  }
});

Deno.test("methods that prune choose different rows, and lots do not depend on training", async () => {
  const kept = (method: TextMethod) => all.get(method)!.outcome.rows!.kept;
  assert.notDeepEqual(kept("losparse"), kept("random_rows"));
  assert.notDeepEqual(kept("itp"), kept("movement"));
  const study = await openTextStudy(
    "random_rows",
    { task, encoder, factors },
    budget,
    training,
    place,
  );
  const { outcome } = await study.run(0, 0.001, "validation");
  await study.dispose();
  assert.deepEqual(outcome.rows!.kept, kept("random_rows"));
});

Deno.test("a low-rank part that leaves nothing to rows is refused", () => {
  assert.throws(
    () =>
      compression("losparse", encoder.params, () => ({}), factors, { ratio: 0.3, lowRank: 0.3 }),
    /leaves no row/,
  );
});
