/** Presets at the papers' scale, on tiny files of the user's forms: what is missing is told, then all runs to a report. */

import assert from "node:assert/strict";
import { glueFiles, modelFiles, squadFiles, writeFiles } from "../stages/common/glue/tiny_files.ts";
import { byStatus, parse, type ReproduceJson } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

const FEW = `lr: 1.0e-2, epochs: 3, batch: 6, warmup: 1, every: 1, cooldown: 3, rise: 1, tokens: 24,
          stride: 4, dropout: 0.1, weightDecay: 0.01`;

/** Presets of few steps: a task of each kind. */
const PRESETS = {
  adalora: `
  tiny:
    paper:
      files:
        model: { folder: data/deberta, tokenizer: spm.model }
        glue: { folder: data/glue, format: tsv }
        squad: { folder: data/squad, format: json }
      tasks: [rte, squad_v2]
      comparisons:
        - { methods: [adalora, lora], ranks: [2] }
      initial: { r2: 4 }
      settings:
        rte: { ${FEW}, gamma: 0.1, alpha: 8 }
        squad_v2: { ${FEW}, gamma: 0.1, alpha: 8 }
        stsb: { ${FEW}, gamma: 0.1, alpha: 8 }
      rates: { lora: { r2: { rte: 5.0e-3 } } }
      calibration: { grid: [1.0e-3, 1.0e-2], seeds: [100], heldOut: 6 }
      seeds: [0]
      computing: { chunk: 2, part: 3, held: 4 }
  tiny_calibration:
    extends: tiny
    paper:
      tasks: [rte]
      comparisons:
        - { methods: [lora, full], ranks: [2] }
      calibrate: true
  tiny_bert:
    extends: tiny
    paper:
      files:
        model: { folder: data/bert, tokenizer: vocab.txt }
        glue: { format: parquet }
      tasks: [stsb]
      settings: { stsb: { batch: 1 } }
      comparisons:
        - { methods: [adalora], ranks: [2] }
`,
  losparse: `
  tiny:
    paper:
      files:
        model: { folder: data/deberta, tokenizer: tokenizer.json }
        glue: { folder: data/glue, format: tsv }
        squad: { folder: data/squad, format: json }
      tasks: [cola]
      budgets: { p20: { ratio: 0.2, lowRank: 0.1 } }
      comparisons:
        - { methods: [losparse, itp, low_rank, dense], budgets: [p20] }
      settings: { cola: { ${FEW} } }
      calibration: { grid: [1.0e-3], seeds: [100], heldOut: 6 }
      seeds: [0]
      computing: { chunk: 2, held: 4 }
`,
};

async function reproduce(rig: Rig, paper: string, preset: string): Promise<ReproduceJson> {
  const ended = await rig.cli("reproduce", paper, "--preset", preset, "--json");
  assert.equal(ended.code, 0, ended.err);
  return parse(ended);
}

/** Asserts that the report of a run shows all of this. */
async function shows(run: ReproduceJson, ...patterns: RegExp[]): Promise<void> {
  const html = await Deno.readTextFile(run.report!);
  for (const pattern of patterns) assert.ok(pattern.test(html), `no ${pattern} in ${run.report}`);
}

const count = (run: ReproduceJson, stage: string) =>
  byStatus(run).ran.filter((id) => id.startsWith(`${stage}[`)).length;

Deno.test("presets at the papers' scale on the user's files", async (t) => {
  await using rig = await Rig.ofSources();
  for (const [paper, presets] of Object.entries(PRESETS)) {
    const path = `stages/${paper}/config.yaml`;
    await rig.write(path, await rig.read(path) + presets);
  }

  await t.step(
    "files that are missing are named, all at once, by explain and reproduce",
    async () => {
      await writeFiles(`${rig.dir}/data/glue`, { "RTE/train.tsv": glueFiles()["RTE/train.tsv"] });
      for (const [command, paper] of [["explain", "adalora"], ["reproduce", "losparse"]]) {
        const { code, err } = await rig.cli(command, paper, "--preset", "paper_rte");
        assert.notEqual(code, 0);
        for (const name of ["config.json", "model.safetensors", "spm.model"]) {
          assert.ok(err.includes(`${rig.dir}/data/deberta-v3-base/${name}`), err);
        }
        assert.ok(err.includes(`${rig.dir}/data/glue/RTE/dev.tsv`), err);
        assert.ok(!err.includes("RTE/train.tsv") && !/\n\s+at /.test(err), err);
        assert.match(err, /your_encoder\.md/);
      }
    },
  );

  await writeFiles(`${rig.dir}/data/glue`, glueFiles());
  await writeFiles(`${rig.dir}/data/squad`, squadFiles());
  await writeFiles(`${rig.dir}/data/deberta`, modelFiles("deberta"));
  await writeFiles(`${rig.dir}/data/bert`, modelFiles("bert"));

  await t.step(
    "AdaLoRA, DeBERTa: classes and spans stand beside the published tables",
    async () => {
      const run = await reproduce(rig, "adalora", "tiny");
      assert.equal(count(run, "fine_tune_benchmark"), 4);
      await shows(
        run,
        // Table 1, RTE of AdaLoRA at 0.32 M; Table 2, SQuAD v2.0 of LoRA at 0.16 %.
        /87\.36<br><strong>\d+\.\d\d<\/strong> <small>n = 1<\/small>/,
        /83\.6\/86\.7<br><strong>\d+\.\d\/\d+\.\d<\/strong>/,
        /has 2 of 16/,
        /no attempt\s+at them/,
      );
      assert.ok(run.verdicts.every(({ verdict }) => verdict === "inconclusive"));
    },
  );

  await t.step("AdaLoRA, BERT: a score from Parquet; what was run before stays", async () => {
    const run = await reproduce(rig, "adalora", "tiny_bert");
    // The published tables are of DeBERTa: nothing of this run stands in them.
    await shows(run, /pearson -?\d+\.\d\d/, /None of them was attempted at scale/);
    assert.equal(byStatus(await reproduce(rig, "adalora", "tiny")).ran, undefined);
  });

  await t.step(
    "learning rates are chosen on held-out texts, for methods without one too",
    async () => {
      const run = await reproduce(rig, "adalora", "tiny_calibration");
      assert.equal(count(run, "fine_tune_benchmark"), 4);
      const rates = JSON.parse(
        await rig.read("artifacts/results/adalora-tiny_calibration/rates.json"),
      );
      for (const rate of [rates.lora.r2.rte, rates.full.all.rte]) {
        assert.ok(rate === 1e-3 || rate === 1e-2);
      }
      await shows(run, /0\.001: \d\.\d{4} · 0\.01: \d\.\d{4}/);
    },
  );

  await t.step("LoSparse and its rivals, beside the published tables", async () => {
    const run = await reproduce(rig, "losparse", "tiny");
    assert.equal(count(run, "compress_benchmark"), 4);
    // CoLA: LoSparse at 20 %, and dense.
    await shows(
      run,
      /50\.0<br><strong>-?\d+\.\d<\/strong>/,
      /69\.2<br><strong>-?\d+\.\d<\/strong>/,
    );
  });
});
