// One method on one task of text, seed by seed: split an encoder, fine-tune and prune it, measure.

import {
  compile,
  load,
  type NdArray,
  type Provider,
  type Tensor,
  toNumbers,
} from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam, learningRates } from "../optim/mod.ts";
import {
  assertRealised,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
} from "../budget/mod.ts";
import {
  classifierLoss,
  type ClassifierScore,
  classify,
  type Encoder,
  initClassifier,
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
import { type LowRanks, type Split, withLowRanks } from "./split.ts";
import {
  type Budget,
  type Classifier,
  type ClassifierArrays,
  compression,
  type TextMethod,
} from "./text_methods.ts";
import { losparsePlan, type LosparseTrained, losparseTraining } from "./training.ts";

/** How all methods are trained. */
export interface TextTraining extends FineTuning {
  /** t_i, t_f and ΔT, in steps. */
  warmup: number;
  cooldown: number;
  every: number;
  /** Largest global norm of the gradient. */
  clip: number;
}

/** What one seed came to. */
export interface TextOutcome extends ClassifierScore {
  /** Training loss of each step. */
  readonly curve: readonly number[];
  /** Entries that remain over entries of all compressed maps: what was realised. */
  readonly ratio: number;
  /** Of methods that prune. */
  readonly rows?: {
    /** Share of rankings that ties decided. */
    readonly ties: number;
    /** Rows kept of each map, in the order of {@link TextStudy.paths}. */
    readonly kept: readonly number[];
    /** Last scores of all rows, map after map in sorted order of paths. */
    readonly scores: Float32Array;
  };
}

/** One seed's outcome, and the model behind it. */
export interface TextRun {
  readonly outcome: TextOutcome;
  /** Of the texts of the part that was asked for, [n, classes]. */
  readonly logits: NdArray;
  /** As trained: pruned rows are zeros in their maps. */
  readonly trained: Split<ClassifierArrays>;
}

/** A compiled method: seeds and rates are inputs. */
export interface TextStudy {
  readonly paths: readonly string[];
  /** Outputs of each of them. */
  readonly outputs: readonly number[];
  run(seed: number, lr: number, part: "validation" | "test"): Promise<TextRun>;
  dispose(): Promise<void>;
}

/** What is compressed, and on what. */
export interface TextSetting {
  readonly task: TextTask;
  readonly encoder: Encoder;
  /** Of the encoder's maps, by path; of the rank of the largest budget. */
  readonly factors: LowRanks<NdArray>;
}

type Trained = LosparseTrained<Classifier>;
type State = PrunedTrainingState<Trained>;
type Inputs = PrunedTrainingInputs<{ rows: Tensor }>;

/** Ones of each of some consecutive parts. */
function countsOf(mask: readonly number[], lengths: readonly number[]): number[] {
  let start = 0;
  return lengths.map((length) => {
    const part = mask.slice(start, start += length);
    return part.reduce((a, b) => a + b, 0);
  });
}

/**
 * Compiles a method for a task. All weights are trained, embeddings, norms and head too.
 *
 * @param setting of the validation and of the test texts there are equally many, a multiple of 50.
 */
export async function openTextStudy(
  method: TextMethod,
  { task, encoder, factors }: TextSetting,
  budget: Budget,
  options: TextTraining,
  { provider, threads }: { provider: Provider; threads: number },
): Promise<TextStudy> {
  const { config, params } = encoder, { steps, warmup, cooldown, every, clip } = options;
  const headOf = (seed: number) =>
    initClassifier(stream(seed, "losparse", "head"), config.width, task.classes.length);
  const start = compression(method, params, headOf, factors, budget);
  const { pruning, entries, lowRankEntries } = start;
  const training = losparseTraining<Classifier>({
    residuals: pruning?.residuals,
    ranking: pruning?.ranking,
    optimizer: adam(),
    clip,
    every,
  });
  const plan = pruning &&
    losparsePlan({ entries, final: pruning.final, warmup, cooldown, steps, every });
  const begin = (seed: number) =>
    training.init(start.begin(seed), start.lots ? { scores: start.lots(seed) } : {});
  const inputsOf = (seed: number, lr: number) => ({
    batch: { rows: textRows(seed, task.train.labels.shape[0], options) },
    lr: learningRates(risingRate(lr, options), 0, steps),
    ...(plan ? { plan } : {}),
  });

  const fit = (state: State, inputs: Inputs, texts: TextBatch<Tensor>, held: Texts) => {
    const loss = ({ params, lowRanks }: Trained, { rows }: { rows: Tensor }) => {
      const { encoder, head } = withLowRanks(params, lowRanks);
      return classifierLoss(config, encoder, head, textsAt(texts, rows));
    };
    const [{ trained, pruner }, trace] = training.run({ loss }, state, inputs);
    const { encoder, head } = withLowRanks(trained.params, trained.lowRanks);
    const logits = overChunks((chunk) => classify(config, encoder, head, chunk), held);
    const rows = pruner && { mask: pruner.mask, scores: pruner.memory.mean };
    return { logits, trace, trained, ...(rows ? { rows } : {}) };
  };
  const held = { validation: inChunks(task.validation), test: inChunks(task.test) };
  const program = compile(fit, [begin(0), inputsOf(0, 1), task.train, held.test], {
    name: `losparse ${method}`,
  });
  const executable = await load(program, { provider, threads });
  const { paths, outputs } = start, sorted = [...paths].sort();
  return {
    paths,
    outputs: paths.map((path) => outputs[path]),
    dispose: () => executable.dispose(),
    async run(seed, lr, part) {
      const { logits, trace, trained, rows } = await executable.run(
        begin(seed),
        inputsOf(seed, lr),
        task.train,
        held[part],
      );
      const flat = outOfChunks(logits);
      const score = { ...scoreLogits(flat, task[part].labels), curve: toNumbers(trace.loss) };
      if (!plan || !rows || !trace.pruning) {
        const ratio = method === "dense" ? 1 : lowRankEntries / entries;
        return { outcome: { ...score, ratio }, logits: flat, trained };
      }
      const { sizes } = pruning!;
      const realised = assertRealised(plan, trace.pruning, { count: sizes.length, sizes });
      const counts = countsOf(toNumbers(rows.mask), sorted.map((path) => outputs[path]));
      const kept = Object.fromEntries(sorted.map((path, i) => [path, counts[i]]));
      return {
        outcome: {
          ...score,
          ratio: (lowRankEntries + realised.units) / entries,
          rows: {
            ties: realised.ties / realised.rankings,
            kept: paths.map((path) => kept[path]),
            scores: rows.scores.data as Float32Array,
          },
        },
        logits: flat,
        trained,
      };
    },
  };
}
