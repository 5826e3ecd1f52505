/** Presets at the papers' scale, on tiny files of the user's forms: what is missing is told, then all runs to a report. */

import assert from "node:assert/strict";
import { glueFiles, modelFiles, squadFiles, writeFiles } from "../stages/common/glue/tiny_files.ts";
import { byStatus, parse } from "./reproduce_json.ts";
import { Rig } from "./rig.ts";

const FEW = `{ lr: 1.0e-2, epochs: 3, batch: 6, gamma: 0.1, warmup: 1, every: 1, cooldown: 3,
          rise: 1, alpha: 8, tokens: 24, stride: 4, dropout: 0.1, weightDecay: 0.01 }`;

/** A preset of few steps on a task of each kind. */
const ADALORA = `
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
        rte: ${FEW}
        squad_v2: ${FEW}
        stsb: ${FEW}
      rates: { lora: { rte: 5.0e-3 } }
      seeds: [0]
      computing: { chunk: 2, part: 3, held: 4 }
  tiny_bert:
    extends: tiny
    paper:
      files:
        model: { folder: data/bert, tokenizer: tokenizer.json }
        glue: { format: parquet }
      tasks: [stsb]
      settings: { stsb: { batch: 1 } }
      computing: { part: 1 }
      comparisons:
        - { methods: [adalora], ranks: [2] }
`;

Deno.test("AdaLoRA on the user's files", async (t) => {
  await using rig = await Rig.ofSources();
  const config = await rig.read("stages/adalora/config.yaml");
  await rig.write("stages/adalora/config.yaml", config + ADALORA);

  await t.step(
    "files that are missing are named, all at once, by explain and reproduce",
    async () => {
      await writeFiles(`${rig.dir}/data/glue`, { "RTE/train.tsv": glueFiles()["RTE/train.tsv"] });
      for (const command of ["explain", "reproduce"]) {
        const { code, err } = await rig.cli(command, "adalora", "--preset", "paper_rte");
        assert.notEqual(code, 0);
        for (
          const name of ["deberta-v3-base/config.json", "deberta-v3-base/spm.model", "RTE/dev.tsv"]
        ) {
          assert.ok(err.includes(`${rig.dir}/data/`) && err.includes(name), `${command}: ${err}`);
        }
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
    "DeBERTa: classes and spans come to a report beside the published tables",
    async () => {
      const ended = await rig.cli("reproduce", "adalora", "--preset", "tiny", "--json");
      assert.equal(ended.code, 0, ended.err + ended.out);
      const run = parse(ended);
      assert.equal(
        byStatus(run).ran.filter((id) => id.startsWith("fine_tune_benchmark")).length,
        4,
      );
      const html = await Deno.readTextFile(run.report!);
      // Table 1, RTE of AdaLoRA at 0.32 M; Table 2, SQuAD v2.0 of LoRA at 0.16 %.
      assert.match(html, /87\.36<br><strong>\d+\.\d\d<\/strong> <small>n = 1<\/small>/);
      assert.match(html, /83\.6\/86\.7<br><strong>\d+\.\d\/\d+\.\d<\/strong>/);
      assert.match(html, /2 layers, width 16/);
      assert.match(html, /no attempt at them/);
      assert.ok(run.verdicts.every(({ verdict }) => verdict === "inconclusive"));
    },
  );

  await t.step("BERT: a score from Parquet; what was run before stays", async () => {
    const ended = await rig.cli("reproduce", "adalora", "--preset", "tiny_bert", "--json");
    assert.equal(ended.code, 0, ended.err + ended.out);
    const html = await Deno.readTextFile(parse(ended).report!);
    assert.match(html, /91\.63<br><strong>-?\d+\.\d\d<\/strong>/);
    const again = parse(await rig.cli("reproduce", "adalora", "--preset", "tiny", "--json"));
    assert.equal(byStatus(again).ran, undefined);
  });
});
