/** What is made of runs on benchmarks: as tables print them, as claims name them; and where files are looked for. */

import assert from "node:assert/strict";
import { parseEstimand } from "../../../../methods/stats/estimand.ts";
import { loadPublished } from "../../../../stages/adalora/published.ts";
import { measuredCells } from "../../../../stages/common/glue/measured.ts";
import {
  asPrinted,
  type BenchmarkRun,
  benchmarkStudy,
} from "../../../../stages/common/glue/runs.ts";
import type { BenchmarkName } from "../../../../stages/common/glue/schema.ts";
import { taskFileNames } from "../../../../stages/common/glue/user_files.ts";

const MEASURES: Record<string, string[]> = {
  mnli: ["accuracy"],
  qqp: ["accuracy", "f1"],
  stsb: ["pearson", "spearman"],
  mrpc: ["accuracy", "f1"],
};

const run = (
  task: BenchmarkName,
  method: string,
  seed: number,
  scores: number[][],
): BenchmarkRun => ({
  task,
  method,
  budget: "r2",
  seed,
  lr: 1,
  numbers: 1,
  steps: 2,
  curve: [1, 1],
  evaluations: [
    { step: 1, scores: scores.map((set) => set.map(() => 99)), losses: [1] },
    { step: 2, scores, losses: [1] },
  ],
});

Deno.test("scores are printed as each table has them", () => {
  assert.deepEqual(asPrinted([[90], [91]], MEASURES.mnli, ["accuracy m", "accuracy mm"]), [90, 91]);
  assert.deepEqual(asPrinted([[90], [91]], MEASURES.mnli, ["accuracy"]), [90.5]);
  assert.deepEqual(asPrinted([[90], [91]], MEASURES.mnli, ["accuracy m"]), [90]);
  assert.deepEqual(asPrinted([[90, 80]], MEASURES.qqp, ["accuracy"]), [90]);
  assert.deepEqual(asPrinted([[90, 80]], MEASURES.stsb, ["correlation"]), [85]);
});

Deno.test("cells hold means of last scores over seeds; the average needs every task", () => {
  const published = loadPublished();
  const runs = [
    run("qqp", "lora", 0, [[90, 80]]),
    run("qqp", "lora", 1, [[92, 84]]),
    run("mnli", "lora", 0, [[80], [82]]),
  ];
  const cells = (all: BenchmarkRun[]) =>
    measuredCells(
      published,
      all,
      (task) => MEASURES[task] ?? ["accuracy"],
      (table, method, level) =>
        table.id === "1" && method === "lora" && level === "0.33 M"
          ? { method, budget: "r2" }
          : null,
    );
  assert.deepEqual(cells(runs).map(({ task, values, seeds }) => [task, values, seeds]), [
    ["mnli", [80, 82], 1],
    ["qqp", [91, 82], 2],
  ]);
  const tasks = ["sst2", "cola", "qnli", "rte", "mrpc"] as const;
  const rest = [
    ...tasks.map((task) => run(task, "lora", 0, [MEASURES[task] ? [70, 1] : [70]])),
    run("stsb", "lora", 0, [[60, 62]]),
  ];
  const average = cells([...runs, ...rest]).find(({ task }) => task === "average")!;
  assert.deepEqual(average.values, [(81 + 86.5 + 5 * 70 + 61) / 8]);
});

Deno.test("claims read the mean over tasks, and what was not run everywhere is left out", () => {
  const both = [0, 1].flatMap((seed) => [
    run("qqp", "lora", seed, [[80, 80]]),
    run("mnli", "lora", seed, [[90], [90]]),
    run("qqp", "adalora", seed, [[85, 85 + seed]]),
  ]);
  const wanted = ["score.mean.r2.lora", "score.mean.r2.adalora", "score.qqp.r2.adalora"];
  const study = benchmarkStudy(both, (one) => one.evaluations[1].scores.flat()[1], wanted);
  assert.equal(parseEstimand("score.mean.r2.lora").evaluate(study.replicates[0]), 85);
  assert.equal(parseEstimand("score.qqp.r2.adalora").evaluate(study.replicates[1]), 86);
  assert.deepEqual(study.leftOut!.map(({ path }) => path), ["score.mean.r2.adalora"]);
});

Deno.test("files have the names of the benchmark's archives or of the hub", () => {
  const tsv = {
    glue: { folder: "g", format: "tsv" },
    squad: { folder: "s", format: "json" },
  } as const;
  assert.deepEqual(taskFileNames("mnli", tsv), {
    folder: "g",
    train: "MNLI/train.tsv",
    development: ["MNLI/dev_matched.tsv", "MNLI/dev_mismatched.tsv"],
  });
  assert.equal(taskFileNames("squad_v2", tsv).train, "train-v2.0.json");
  const hub = {
    glue: { folder: "g", format: "parquet" },
    squad: { folder: "s", format: "parquet" },
  } as const;
  assert.equal(taskFileNames("sst2", hub).train, "sst2/train-00000-of-00001.parquet");
  assert.deepEqual(taskFileNames("squad_v1", hub).development, [
    "squad/validation-00000-of-00001.parquet",
  ]);
});
