// One method on one task of text, seed by seed: fine-tune an encoder, prune, measure.

import {
  compile,
  load,
  type NdArray,
  type Provider,
  type Tensor,
  toNumbers,
} from "../tensor/mod.ts";
import { learningRates } from "../optim/mod.ts";
import { assertRealised, budgetPlan, type PrunedTrainingInputs } from "../budget/mod.ts";
import {
  type BertParams,
  classifierLoss,
  type ClassifierScore,
  classify,
  type Encoder,
  scoreLogits,
} from "../nn/mod.ts";
import {
  type FineTuning,
  inChunks,
  outOfChunks,
  overChunks,
  risingRate,
  textRows,
  type Texts,
  textsAt,
} from "../text/fine_tuning.ts";
import type { TextBatch, TextTask } from "../text/text_task.ts";
import { ranksOf } from "./merge.ts";
import type { Adapted } from "./text_export.ts";
import type { TextMethod } from "./method_trainer.ts";
import { type TextState, textTrainer } from "./text_methods.ts";
import type { SvdAdapters } from "./triplets.ts";
import type { Allocation } from "./variants.ts";

/** How all methods are trained; see {@link TextTrainerOptions} for the rest. */
export interface TextTraining extends FineTuning {
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
  /** γ. */
  gamma: number;
  /** Factor on ΔW. */
  scale: number;
}

/** What one seed came to. */
export interface TextOutcome extends ClassifierScore {
  /** Training loss of each step. */
  readonly curve: readonly number[];
  /** Of methods that prune: the rank left of each map, by path. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** Of methods that prune: the last scores of all triplets, and whether each was kept. */
  readonly triplets?: { readonly scores: readonly number[]; readonly kept: readonly number[] };
  /** Of methods that prune: what was trained, and the logits [n·classes] of the texts, for export. */
  readonly trained?: Adapted & { readonly logits: readonly number[] };
}

/** A compiled study of a method: seeds and rates are inputs. */
export interface TextStudy {
  /** Numbers that are trained beside the head, before pruning. */
  readonly parameters: number;
  run(seed: number, lr: number, part: "validation" | "test"): Promise<TextOutcome>;
  dispose(): Promise<void>;
}

type Inputs = PrunedTrainingInputs<{ rows: Tensor }>;

/**
 * Compiles a method for a task. All methods see the same texts in the same order, from the same head.
 *
 * @param place of the validation and of the test texts there are equally many, a multiple of 50.
 */
export async function openTextStudy(
  method: TextMethod,
  { task, encoder }: { task: TextTask; encoder: Encoder },
  allocation: Allocation,
  training: TextTraining,
  { provider, threads }: { provider: Provider; threads: number },
): Promise<TextStudy> {
  const { steps, warmup, cooldown, every } = training;
  const { config, params } = encoder;
  const trainer = textTrainer(method, encoder, {
    ...training,
    ...allocation,
    classes: task.classes.length,
  });
  const plan = trainer.budget &&
    budgetPlan({ ...trainer.budget, warmup, cooldown, steps, every, cooldownMask: "frozen" });
  const inputsOf = (seed: number, lr: number) => ({
    batch: { rows: textRows(seed, task.train.labels.shape[0], training) },
    lr: learningRates(risingRate(lr, training), 0, steps),
    ...(plan ? { plan } : {}),
  });

  const fit = (
    frozen: BertParams,
    texts: TextBatch<Tensor>,
    state: TextState,
    { batch: { rows }, ...inputs }: Inputs,
    held: Texts,
  ) => {
    const [next, trace] = trainer.run(
      ({ encoder, head }, batch) => classifierLoss(config, encoder, head, batch),
      frozen,
      state,
      { ...inputs, batch: textsAt(texts, rows) },
    );
    const { encoder, head } = trainer.model(frozen, next);
    const logits = overChunks((chunk) => classify(config, encoder, head, chunk), held);
    return {
      logits,
      trace,
      ...(next.pruner
        ? {
          pruned: {
            adapters: next.trained.adapters,
            head,
            mask: next.pruner.mask,
            scores: trainer.scores(next),
          },
        }
        : {}),
    };
  };
  const held = { validation: inChunks(task.validation), test: inChunks(task.test) };
  const example = [params, task.train, trainer.begin(0), inputsOf(0, 1), held.test] as const;
  const program = compile(fit, example, { name: "fine_tuning" });
  const executable = await load(program, { provider, threads });
  return {
    parameters: trainer.layout.size,
    dispose: () => executable.dispose(),
    async run(seed, lr, part) {
      const { logits, trace, pruned } = await executable.run(
        params,
        task.train,
        trainer.begin(seed),
        inputsOf(seed, lr),
        held[part],
      );
      const score = {
        ...scoreLogits(outOfChunks(logits), task[part].labels),
        curve: toNumbers(trace.loss),
      };
      if (!plan || !pruned || !trace.pruning) return score;
      assertRealised(plan, trace.pruning, { count: trainer.budget!.initial });
      const adapters = trainer.layout.unpack<SvdAdapters<NdArray>>(pruned.adapters);
      const { head, mask, scores } = pruned;
      return {
        ...score,
        ranks: ranksOf(adapters),
        triplets: { scores: toNumbers(scores), kept: toNumbers(mask) },
        trained: { adapters, head, logits: toNumbers(logits) },
      };
    },
  };
}
