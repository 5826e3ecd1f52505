/** Compresses the user's encoder on a benchmark from one seed. */

import { fineTune, stepsOf } from "../../../methods/finetuning/fine_tune.ts";
import { decodeFactors } from "../../../methods/losparse/factors_file.ts";
import { losparseTuner } from "../../../methods/losparse/tuner.ts";
import { stream } from "../../../methods/tensor/random.ts";
import type { Run } from "../../../pipeline/types.ts";
import { readBenchmark } from "../../common/glue/read_benchmark.ts";
import type { BenchmarkName } from "../../common/glue/schema.ts";
import type { compressBenchmark } from "./compress_benchmark.ts";

export const run: Run<typeof compressBenchmark> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, budget, ratio, lowRank, settings, seed, computing } = params;
  const { task, encoder } = await readBenchmark(inputs, params);
  const factors = decodeFactors(await inputs.factors.bytes());
  const tuner = losparseTuner(method, encoder, factors, {
    ...settings,
    goal: task.goal,
    steps: stepsOf(task, settings),
    ratio,
    lowRank,
  });
  const { outcome } = await fineTune(
    tuner,
    encoder,
    task,
    settings,
    { seed, random: stream(seed, "benchmark", task.name) },
    { provider, threads, ...computing, onSteps: progress },
  );
  const { entries, lowRankEntries } = tuner;
  await outputs.run.write({
    ...outcome,
    task: task.name as BenchmarkName,
    method,
    budget,
    seed,
    lr: settings.lr,
    numbers: method === "dense" ? entries : lowRankEntries + (outcome.left?.units ?? 0),
  });
};
