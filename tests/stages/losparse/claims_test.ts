/** stages/losparse/claims.yaml and its presets. */

import assert from "node:assert/strict";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { STRUCTURES } from "../../../methods/losparse/planted.ts";
import { METHODS } from "../../../methods/losparse/study.ts";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { loadConfig } from "../../../pipeline/mod.ts";
import { loadPaperClaims } from "../../../stages/losparse/paper/claims.ts";
import { loadClaims } from "../../../stages/losparse/claims.ts";
import { WHOLE } from "../../../stages/common/whole.ts";
import { losparseConfig, studies } from "../../../stages/losparse/schema.ts";
import type { CompressedText } from "../../../stages/losparse/text/compress_text.ts";
import type { MapPremise } from "../../../stages/losparse/text/decompose.ts";
import { premiseMetrics, textMetrics } from "../../../stages/losparse/text/metrics.ts";

const yaml = await Deno.readTextFile(
  new URL("../../../stages/losparse/config.yaml", import.meta.url),
);
const { small } = (parse(yaml) as { presets: Record<string, unknown> }).presets;

Deno.test("claims of planted weights read only structures, budgets and methods that `small` measures", () => {
  const { planted: { budgets } } = studies.parse(small);
  const ranks = budgets.map(({ rank }) => `r${rank}`);
  const claims = loadClaims().filter(({ study }) => study === "planted_networks");
  assert.ok(claims.length > 0);
  for (const claim of claims) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    assert.ok(paths.length >= 2, claim.id);
    for (const [metric, structure, rank, method] of paths) {
      assert.equal(metric, "error", claim.id);
      assert.ok((STRUCTURES as readonly string[]).includes(structure), claim.id);
      assert.ok(ranks.includes(rank), claim.id);
      assert.ok((METHODS as readonly string[]).includes(method), claim.id);
    }
  }
});

/** What the study on text would come to in `small`, with made-up values. */
function madeUp(): CompressedText[] {
  const { text: { comparisons, seeds } } = studies.parse(small);
  const cells = comparisons.flatMap(({ tasks, budgets, methods }) =>
    tasks.flatMap((task) =>
      methods.flatMap((method, m) =>
        (method === "dense" ? [WHOLE] : budgets).map((budget): CompressedText => ({
          task,
          method,
          budget,
          lr: 1,
          paths: [],
          outputs: [],
          seeds,
          outcomes: seeds.map((_, s) => ({
            accuracy: 0.5,
            loss: 1 + s + m,
            curve: [],
            ratio: 0.1,
            ties: 0,
            kept: null,
          })),
          spectrum: null,
        }))
      )
    )
  );
  return cells;
}

const map = (layer: number, tail: number): MapPremise => ({
  path: `blocks.${layer}.mlp.up`,
  shape: [4, 4],
  tails: [1, tail, 0, 0, 0],
  kurtosis: 5,
});

Deno.test("every claim of text and weights can be read from what `small` measures", () => {
  const studies = {
    real_text: textMetrics(madeUp(), ["wordnet", "cooking"]),
    real_weights: premiseMetrics([map(0, 0.2), map(1, 0.4)], [map(0, 0.5)], 0.5),
  };
  for (const [name, metrics] of Object.entries(studies)) {
    const claims = loadClaims().filter(({ study }) => study === name);
    assert.ok(claims.length > 0);
    for (const estimand of claims.flatMap(estimandsOf).map(parseEstimand)) {
      for (const replicate of metrics) assert.ok(Number.isFinite(estimand.evaluate(replicate)));
    }
  }
});

Deno.test("means are over tasks, of what was run on all of them; dense stands at every budget", () => {
  const [{ scope }] = textMetrics(madeUp(), ["wordnet", "cooking"]);
  const read = (path: string) => parseEstimand(path).evaluate({ seed: 0, scope });
  assert.equal(read("loss.mean.p10.low_rank"), 2);
  assert.equal(read("accuracy.mean.p20.itp"), 50);
  assert.equal(read("loss.cooking.p10.dense"), read("loss.cooking.p20.dense"));
  assert.throws(() => read("loss.mean.p20.movement"));
});

Deno.test("a layer's tail is that at the rank which has the share of the entries", () => {
  // Of 16 entries half are 8, which rank 1 of 4 × 4 has.
  const layers = premiseMetrics([map(0, 0.2), map(1, 0.4)], [map(0, 0.5)], 0.5);
  assert.deepEqual(layers.map(({ scope }) => scope.tail), [0.2, 0.4]);
  assert.deepEqual(layers[0].scope.noise, { tail: 0.5, kurtosis: 5 });
});

Deno.test("LoSparse must beat both of its parts at every budget, and sources carry their tags", () => {
  const claims = loadClaims();
  const inFamily = (name: string) => claims.filter(({ family }) => family === name);
  const planted = inFamily("primary").map(({ id }) => id);
  for (const rank of [3, 5, 7]) {
    for (const part of ["low_rank", "itp"]) assert.ok(planted.includes(`r${rank}_beats_${part}`));
  }
  const { text: { budgets } } = studies.parse(small);
  for (const name of Object.keys(budgets).filter((name) => name !== "p40")) {
    const found = inFamily("text_primary").find(({ id }) => id === `text_${name}_beats_both`);
    const methods = estimandsOf(found!).flatMap((text) => parseEstimand(text).paths).map((p) =>
      p[3]
    );
    assert.deepEqual(methods.toSorted(), ["itp", "losparse", "low_rank"]);
  }
  for (const claim of claims) {
    assert.match(claim.source, /\[(abs|der|mem)\]/, claim.id);
    assert.equal(claim.paper, null, claim.id);
  }
});

Deno.test("presets refuse seeds of the calibration, budgets without rows and missing rates", () => {
  const { planted, text } = studies.parse(small);
  const parses = (change: object) => losparseConfig.safeParse({ planted, text, ...change }).success;
  assert.ok(parses({}));
  assert.ok(!parses({ planted: { ...planted, seeds: [0, 100] } }));
  assert.ok(!parses({ planted: { ...planted, budgets: [{ rank: 5, lowRank: 5 }] } }));
  assert.ok(!parses({ planted: { ...planted, tuned: 4 } }));
  assert.ok(!parses({ text: { ...text, seeds: [100] } }));
  assert.ok(!parses({ text: { ...text, rates: {}, calibrate: false } }));
  assert.ok(!parses({ text: { ...text, tasks: text.tasks.slice(1) } }));
  const { p10: _, ...budgets } = text.budgets;
  assert.ok(!parses({ text: { ...text, budgets } }));
});

const file = new URL("../../../stages/losparse/config.yaml", import.meta.url);
const preset = async (name: string) =>
  (await loadConfig({ file, schema: losparseConfig, preset: name })).paper!;

/** Texts to train on, by the task's papers. */
const TEXTS: Record<string, number> = {
  cola: 8551,
  sst2: 67349,
  mrpc: 3668,
  stsb: 5749,
  qqp: 363846,
  mnli: 392702,
  qnli: 104743,
  rte: 2490,
  squad_v1: 87599,
};

Deno.test("presets at the paper's scale leave steps in which the budget falls", async () => {
  for (const name of ["paper", "paper_rte", "paper_squad", "paper_bert"]) {
    const { tasks, settings, computing: { part } } = await preset(name);
    for (const task of tasks) {
      const { epochs, batch, warmup, cooldown, rise } = settings[task]!;
      const steps = epochs * Math.ceil(TEXTS[task] / batch);
      const falling = (steps - warmup - cooldown) / steps;
      assert.ok(falling > 0.2 && falling < 0.8, `${task}: ${falling}`);
      assert.ok(rise <= 0.11 * steps, task);
      assert.ok(batch <= part! || batch % part! === 0, task);
    }
  }
});

Deno.test("claims on benchmarks read what the preset measures, and can pass Holm's correction", async () => {
  const { comparisons: [{ methods, budgets }], seeds } = await preset("paper");
  for (const claim of loadPaperClaims()) {
    for (const [metric, task, budget, method] of parseEstimand(estimandsOf(claim)[0]).paths) {
      assert.deepEqual([metric, task], ["score", "mean"]);
      assert.ok(budgets.includes(budget) && methods.some((m) => m === method), claim.id);
    }
  }
  assert.ok(2 ** -seeds.length * loadPaperClaims().length < 0.05);
});

Deno.test("a preset at the paper's scale is refused without settings, or with a budget it lacks", async () => {
  const paper = await preset("paper_rte");
  const wrong = (change: object, why: RegExp) =>
    assert.match(losparseConfig.safeParse({ paper: { ...paper, ...change } }).error!.message, why);
  wrong({ settings: {} }, /there are none of rte/);
  wrong({ comparisons: [{ methods: ["itp"], budgets: ["p5"] }] }, /p5.* is not among the budgets/);
  wrong({ budgets: { p5: { ratio: 0.05, lowRank: 0.05 } } }, /nothing is left for S/);
});
