/** stages/adalora/claims.yaml and its presets. */

import assert from "node:assert/strict";
// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { NEEDS } from "../../../methods/adalora/planted.ts";
import { ADAPTATIONS } from "../../../methods/adalora/variants.ts";
import { estimandsOf } from "../../../methods/stats/claim.ts";
import { parseEstimand } from "../../../methods/stats/estimand.ts";
import { loadConfig } from "../../../pipeline/mod.ts";
import { loadPaperClaims } from "../../../stages/adalora/paper/claims.ts";
import { loadClaims } from "../../../stages/adalora/claims.ts";
import { adaloraConfig, studies } from "../../../stages/adalora/schema.ts";
import type { FineTuned } from "../../../stages/adalora/text/fine_tune.ts";
import { textMetrics } from "../../../stages/adalora/text/metrics.ts";

const text = await Deno.readTextFile(
  new URL("../../../stages/adalora/config.yaml", import.meta.url),
);
const { small } = (parse(text) as { presets: Record<string, unknown> }).presets;

Deno.test("claims of planted updates read only needs, budgets and methods that `small` measures", () => {
  const { planted: { ranks } } = studies.parse(small);
  const claims = loadClaims().filter(({ study }) => study === "planted_updates");
  assert.ok(claims.length > 0);
  for (const claim of claims) {
    const paths = estimandsOf(claim).flatMap((text) => parseEstimand(text).paths);
    for (const [metric, need, rank, method] of paths) {
      assert.ok(metric === "error" || metric === "found", claim.id);
      assert.ok((NEEDS as readonly string[]).includes(need), claim.id);
      assert.ok(ranks.some((r) => `r${r}` === rank), claim.id);
      assert.ok((ADAPTATIONS as readonly string[]).includes(method), claim.id);
    }
  }
});

/** What the study on text would come to in `small`, with made-up values. */
function madeUp(): FineTuned[] {
  const { text: { comparisons, seeds } } = studies.parse(small);
  const ranks = { "blocks.0.mlp.up": 3, "blocks.0.attention.key": 1, "blocks.1.mlp.down": 0 };
  return comparisons.flatMap(({ tasks, ranks: budgets, methods }) =>
    tasks.flatMap((task) =>
      budgets.flatMap((rank) =>
        methods.map((method, m): FineTuned => ({
          task,
          method,
          rank,
          lr: 1,
          parameters: 1,
          seeds,
          outcomes: seeds.map((seed) => ({
            accuracy: 0.5,
            loss: 1 + seed + m,
            curve: [],
            ...(method === "adalora" ? { ranks } : {}),
          })),
        }))
      )
    )
  );
}

Deno.test("every claim of text can be read from what `small` measures", () => {
  const metrics = textMetrics(madeUp());
  const claims = loadClaims().filter(({ study }) => study === "real_text");
  assert.ok(claims.length > 0);
  for (const estimand of claims.flatMap(estimandsOf).map(parseEstimand)) {
    for (const seed of metrics) assert.ok(Number.isFinite(estimand.evaluate(seed)));
  }
});

Deno.test("means are over tasks, of what was run on all of them; shares are of ranks", () => {
  const [{ scope }] = textMetrics(madeUp());
  const read = (path: string) => parseEstimand(path).evaluate({ seed: 0, scope });
  assert.equal(read("loss.mean.r1.lora"), 2);
  assert.equal(read("mlp.mean.r4.adalora"), 0.75);
  assert.equal(read("upper.mean.r4.adalora"), 0);
  assert.throws(() => read("loss.mean.r1.head"));
});

Deno.test("there is a negative control and an interaction, and sources carry their tags", () => {
  const claims = loadClaims();
  assert.ok(claims.some(({ kind }) => kind === "control"));
  assert.ok(claims.some(({ id }) => id === "low_budget_gains_more"));
  for (const claim of claims) {
    assert.match(claim.source, /\[(text|der)/, claim.id);
    assert.equal(claim.paper, null, claim.id);
  }
});

Deno.test("presets refuse seeds of the calibration and odd numbers of blocks", () => {
  const { planted, text } = studies.parse(small);
  const parse = (change: object) => adaloraConfig.safeParse({ planted, text, ...change }).success;
  assert.ok(parse({}));
  assert.ok(!parse({ planted: { ...planted, seeds: [100] } }));
  assert.ok(!parse({ planted: { ...planted, sizes: { ...planted.sizes, blocks: 3 } } }));
  assert.ok(!parse({ text: { ...text, seeds: [100] } }));
  assert.ok(!parse({ text: { ...text, rates: {} } }), "a method without a learning rate");
  assert.ok(!parse({ text: { ...text, tasks: text.tasks.slice(1) } }), "a task that is not made");
});

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
  squad_v2: 130319,
};

Deno.test("presets at the paper's scale leave steps for the budget to fall, as the paper's tables do", async () => {
  const names = ["paper", "paper_rte", "paper_squad"];
  const file = new URL("../../../stages/adalora/config.yaml", import.meta.url);
  for (const preset of names) {
    const { paper } = await loadConfig({ file, schema: adaloraConfig, preset });
    for (const task of paper!.tasks) {
      const { epochs, batch, warmup, cooldown, rise } = paper!.settings[task]!;
      const steps = epochs * Math.ceil(TEXTS[task] / batch);
      // The phase in which the budget falls is a quarter to a half of the run.
      const falling = (steps - warmup - cooldown) / steps;
      assert.ok(falling > 0.2 && falling < 0.6, `${task}: ${falling}`);
      assert.ok(rise < 0.15 * steps, task);
    }
  }
});

Deno.test("a preset has both studies or the paper's scale, and settings for what it runs", async () => {
  const file = new URL("../../../stages/adalora/config.yaml", import.meta.url);
  const { paper } = await loadConfig({ file, schema: adaloraConfig, preset: "paper_rte" });
  const wrong = (value: unknown, why: RegExp) =>
    assert.match(adaloraConfig.safeParse(value).error!.message, why);
  wrong({ paper, ...studies.parse(small) }, /either/);
  wrong({ planted: studies.parse(small).planted }, /either/);
  wrong({ paper: { ...paper, settings: {} } }, /there are none of rte/);
  const one = (methods: string[], ranks: number[]) => ({ comparisons: [{ methods, ranks }] });
  wrong({ paper: { ...paper, ...one(["lora"], [3]) } }, /no initial rank of r3/);
  wrong({ paper: { ...paper, ...one(["full"], [2]) } }, /no rate of full for rte/);
  wrong({ paper: { ...paper, seeds: [100] } }, /calibration seeds/);
  const calibration = { ...paper, ...one(["full"], [2]), calibrate: true };
  assert.ok(adaloraConfig.safeParse({ paper: calibration }).success);
});

Deno.test("claims on benchmarks read what the preset measures", async () => {
  const file = new URL("../../../stages/adalora/config.yaml", import.meta.url);
  const { paper } = await loadConfig({ file, schema: adaloraConfig, preset: "paper" });
  const [{ methods, ranks }] = paper!.comparisons;
  for (const claim of loadPaperClaims()) {
    for (const [metric, task, rank, method] of parseEstimand(estimandsOf(claim)[0]).paths) {
      assert.deepEqual([metric, task], ["score", "mean"]);
      assert.ok(ranks.some((r) => `r${r}` === rank) && methods.some((m) => m === method), claim.id);
    }
  }
  // Holm's correction over all of them can be passed: 2 to the −n times their number.
  assert.ok(2 ** -paper!.seeds.length * loadPaperClaims().length < 0.05);
});
