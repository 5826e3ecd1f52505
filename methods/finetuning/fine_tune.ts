// One run of a method on a benchmark's task: as many steps as epochs ask for, the development sets on the way.

import {
  compile,
  type Executable,
  type Host,
  load,
  type NdArray,
  type Provider,
  type Tensor,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { learningRates, longRun, lossInParts, triangleRate } from "../optim/mod.ts";
import { assertRealised, type PrunedTrainingInputs } from "../budget/mod.ts";
import {
  type BertInputs,
  dropoutMasks,
  type Goal,
  type Pretrained,
  type PretrainedParams,
  type TaskBatch,
  taskLoss,
  taskOutputs,
  type TunedModel,
} from "../nn/mod.ts";
import { countOf, longestOf } from "../text/sequence_table.ts";
import { batchOf, grouped, shuffled } from "./batches.ts";
import { lossOf, scoresOf } from "./scores.ts";
import type { BenchmarkTask } from "./task.ts";
import type { Tuner } from "./tuner.ts";

/** How long and how fast a run learns. */
export interface TuningSchedule {
  readonly epochs: number;
  /** Texts of a step. */
  readonly batch: number;
  /** Largest learning rate. */
  readonly lr: number;
  /** Steps in which it rises from 0; then it falls to 0 in a straight line. */
  readonly rise: number;
  /** Probability of dropping a number of the pooled state, of classes and scores. @default 0 */
  readonly dropout?: number;
}

/** Settings of {@link fineTune} that change no result, but for rounding. */
export interface TuningPlace {
  readonly provider: Provider;
  readonly threads: number;
  /** Steps of a program. @default 8 */
  readonly chunk?: number;
  /** Texts that are evaluated at once. @default the batch */
  readonly held?: number;
  /** Most texts of a step whose activations are in memory at a time; they divide the batch. @default the batch */
  readonly part?: number;
  readonly onSteps?: (done: { step: number; steps: number; loss: number }) => void;
}

/** Development sets after some steps. */
export interface Evaluation {
  readonly step: number;
  /** In percent, of each set, in the order of the task's measures. */
  readonly scores: readonly number[][];
  /** Mean loss of each set. */
  readonly losses: readonly number[];
}

/** What a run came to. */
export interface TuningOutcome {
  /** T, steps in all. */
  readonly steps: number;
  /** After each epoch. */
  readonly evaluations: readonly Evaluation[];
  /** Mean training loss of each epoch. */
  readonly curve: readonly number[];
  /** What pruning has left: groups, and units of its budget. */
  readonly left?: { readonly groups: number; readonly units: number };
}

/** T: epochs of ⌈texts/batch⌉ steps each, as the published runs count them. */
export function stepsOf(task: BenchmarkTask, { epochs, batch }: TuningSchedule): number {
  return epochs * Math.ceil(countOf(task.train.texts) / batch);
}

/** Masks of the pooled states of some steps, where there are any. */
function dropoutOf(
  { batch, dropout: rate = 0 }: TuningSchedule,
  width: number,
  goal: Goal,
  random: Stream,
): (first: number, steps: number) => { dropout?: NdArray } {
  if (rate === 0 || goal.kind === "span") return () => ({});
  return (first, steps) =>
    dropoutMasks(random, { dropout: [batch, width] }, { rate, first, steps });
}

/** Outputs of the development sets of a state, by a program of `held` texts. */
function evaluator<S>(
  tuner: Tuner<S>,
  { config }: Pretrained,
  task: BenchmarkTask,
  { length, held, ...place }: { length: number; held: number; provider: Provider; threads: number },
) {
  const inputsOf = (part: BenchmarkTask["train"], rows: ArrayLike<number>) => {
    const { labels: _, ...inputs } = batchOf(part, rows, length, task.padding);
    return inputs;
  };
  const forward = (frozen: PretrainedParams, state: S, inputs: BertInputs & { mask: Tensor }) =>
    taskOutputs(config, task.goal, tuner.model(frozen, state), inputs);
  const open = (state: Host<S>) => {
    const example = inputsOf(task.development[0], new Int32Array(held));
    const args = [tuner.frozen, state, example] as never;
    return load(compile(forward, args, { name: "evaluation" }), place);
  };
  let executable: Executable | undefined;
  return {
    dispose: async () => await executable?.dispose(),
    /** Scores and losses of each development set. */
    async evaluate(state: Host<S>): Promise<Omit<Evaluation, "step">> {
      executable ??= await open(state) as unknown as Executable;
      const scores: number[][] = [], losses: number[] = [];
      for (const part of task.development) {
        const count = countOf(part.texts), values: Float32Array[] = [];
        for (let first = 0; first < count; first += held) {
          // The last program is filled up with the first text.
          const rows = Int32Array.from(
            { length: held },
            (_, i) => first + i < count ? first + i : 0,
          );
          const { data } = await executable.run(
            tuner.frozen,
            state,
            inputsOf(part, rows),
          ) as NdArray;
          values.push(data as Float32Array);
        }
        const each = values[0].length / held, joined = new Float32Array(count * each);
        values.forEach((some, i) =>
          joined.set(some.subarray(0, joined.length - i * held * each), i * held * each)
        );
        scores.push(scoresOf(task, part, { each, values: joined }));
        losses.push(lossOf(task, part, { each, values: joined }));
      }
      return { scores, losses };
    },
  };
}

/**
 * Fine-tunes, and scores the development sets after each epoch. There is no dropout inside the encoder.
 *
 * @param tuner of the encoder and the task; its plan, if it has one, is of {@link stepsOf} steps.
 * @param encoder with the task's vocabulary.
 * @param random gives the order of the texts, and dropout.
 * @returns what it came to, and the state after the last step.
 * @throws BudgetError when pruning missed its plan, RangeError when the model has diverged.
 */
export async function fineTune<S>(
  tuner: Tuner<S>,
  encoder: Pretrained,
  task: BenchmarkTask,
  schedule: TuningSchedule,
  { seed, random }: { seed: number; random: Stream },
  { provider, threads, chunk = 8, held = schedule.batch, part = schedule.batch, onSteps }:
    TuningPlace,
): Promise<{ outcome: TuningOutcome; state: Host<S> }> {
  const { epochs, batch } = schedule, steps = stepsOf(task, schedule), epoch = steps / epochs;
  const length = Math.max(...[task.train, ...task.development].map((p) => longestOf(p.texts)));
  const place = { provider, threads },
    rate = triangleRate({ peak: schedule.lr, steps, rise: schedule.rise });
  const texts = shuffled(random.child("order"), countOf(task.train.texts), batch);
  const development = evaluator(tuner, encoder, task, { length, held, ...place });
  const evaluations: Evaluation[] = [], curve: number[] = [];
  const dropped = dropoutOf(schedule, encoder.config.width, task.goal, random.child("dropout"));
  const loss = (model: TunedModel) =>
    lossInParts(({ labels, dropout, ...given }: TaskBatch) => {
      const outputs = taskOutputs(encoder.config, task.goal, model, given, { dropout });
      return taskLoss(task.goal, outputs, labels);
    }, Math.min(part, batch));
  let losses: number[] = [], left: TuningOutcome["left"];
  try {
    const state = await longRun({
      ...place,
      name: "fine-tuning",
      run: (frozen: PretrainedParams, state: S, inputs: PrunedTrainingInputs<TaskBatch>) =>
        tuner.run((model, batch) => loss(model)(batch), frozen, state, inputs),
      frozen: tuner.frozen as Host<PretrainedParams>,
      state: tuner.begin(seed),
      steps,
      chunk,
      stops: Array.from({ length: epochs }, (_, i) => (i + 1) * epoch),
      inputs: (first, count) => ({
        batch: {
          ...grouped(batchOf(task.train, texts.rows(first, count), length, task.padding), count),
          ...dropped(first, count),
        },
        lr: learningRates(rate, first, count),
        ...(tuner.pruning ? { plan: tuner.pruning.plan({ first, count }) } : {}),
      }),
      after: async ({ steps: step, count, trace, state }) => {
        losses.push(...Array.from(trace.loss.data, Number));
        onSteps?.({ step, steps, loss: losses[losses.length - 1] });
        if (tuner.pruning && trace.pruning) {
          const plan = tuner.pruning.plan({ first: step - count, count });
          const { kept, units } = assertRealised(plan, trace.pruning, tuner.pruning.prunable);
          left = { groups: kept, units };
        }
        if (step % epoch !== 0) return;
        curve.push(losses.reduce((a, b) => a + b, 0) / losses.length);
        losses = [];
        evaluations.push({ step, ...await development.evaluate(state) });
      },
    });
    const outcome = { steps, evaluations, curve, ...(left ? { left } : {}) };
    return { outcome, state };
  } finally {
    await development.dispose();
  }
}
