/** Fine-tunes the user's encoder on a benchmark from one seed. */

import { adaloraTuner } from "../../../methods/adalora/tuner.ts";
import { fineTune, stepsOf } from "../../../methods/finetuning/fine_tune.ts";
import { stream } from "../../../methods/tensor/random.ts";
import type { Run } from "../../../pipeline/types.ts";
import { readBenchmark } from "../../common/glue/read_benchmark.ts";
import type { BenchmarkName } from "../../common/glue/schema.ts";
import type { fineTuneBenchmark } from "./fine_tune_benchmark.ts";

export const run: Run<typeof fineTuneBenchmark> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { method, budget, rank, initial, settings, seed, computing } = params;
  const { task, encoder } = await readBenchmark(inputs, params);
  const tuner = adaloraTuner(method, encoder, {
    ...settings,
    goal: task.goal,
    steps: stepsOf(task, settings),
    rank,
    initial: initial / rank,
  });
  const { outcome, state } = await fineTune(
    tuner,
    encoder,
    task,
    settings,
    { seed, random: stream(seed, "benchmark", task.name) },
    { provider, threads, ...computing, onSteps: progress },
  );
  const ranks = tuner.ranks(state);
  await outputs.run.write({
    ...outcome,
    task: task.name as BenchmarkName,
    method,
    budget,
    seed,
    lr: settings.lr,
    numbers: tuner.parameters,
    ...(ranks ? { ranks } : {}),
  });
};
