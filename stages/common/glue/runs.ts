/** What single runs on benchmarks came to, and what is made of them. */

import type { TuningOutcome } from "../../../methods/finetuning/fine_tune.ts";
import type { SeedMetrics } from "../../../methods/stats/estimand.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Study } from "../../../methods/stats/claims.ts";
import { metricScope } from "../metric_scope.ts";
import type { Published } from "../published/schema.ts";
import type { BenchmarkName } from "./schema.ts";

/** One method at one budget on one task from one seed. */
export interface BenchmarkRun extends TuningOutcome {
  readonly task: BenchmarkName;
  readonly method: string;
  /** E.g. `r2` or `p10`; `all` where there is none. */
  readonly budget: string;
  readonly seed: number;
  readonly lr: number;
  /** Numbers that are trained or left, as the paper counts them. */
  readonly numbers: number;
  /** Of methods that allocate ranks: what is left of each map, by path. */
  readonly ranks?: Readonly<Record<string, number>>;
}

/** Scores of each development set after the last step. */
export const lastScores = ({ evaluations }: BenchmarkRun): readonly number[][] =>
  evaluations[evaluations.length - 1].scores;

/** Mean of all scores after the epoch in which it is largest: chosen on the set that it is told of. */
export const bestMean = ({ evaluations }: BenchmarkRun): number =>
  Math.max(...evaluations.map(({ scores }) => mean(scores.flat())));

/**
 * Scores as a published table prints them: all of them where it prints as many; else its one measure. That
 * is the first set's for `accuracy m`, the mean over sets of a measure of the task by its name, or the mean
 * of all, as of STS-B's two correlations.
 */
export function asPrinted(
  scores: readonly number[][],
  measures: readonly string[],
  printed: readonly string[],
): number[] {
  const flat = scores.flat();
  if (printed.length === flat.length) return flat;
  if (printed[0] === "accuracy m") return [scores[0][0]];
  const at = measures.indexOf(printed[0]);
  return [mean(at < 0 ? flat : scores.map((set) => set[at]))];
}

/** A task's one number, the mean of what the paper prints of it. */
export function headline(
  run: BenchmarkRun,
  measures: readonly string[],
  printed: readonly string[],
): number {
  return mean(asPrinted(lastScores(run), measures, printed));
}

/** Measures that a paper prints of some tasks. */
export const printedMeasures = (
  { tasks }: Published,
  names: readonly BenchmarkName[],
): Record<string, string[]> =>
  Object.fromEntries(names.map((name) => [name, tasks[name].measures]));

/** Runs of one method at one budget on one task, in the order of seeds. */
export function cellsOf(runs: readonly BenchmarkRun[]): BenchmarkRun[][] {
  const cells = Map.groupBy(runs, ({ task, method, budget }) => `${task} ${budget} ${method}`);
  return [...cells.values()].map((cell) => cell.toSorted((a, b) => a.seed - b.seed));
}

/**
 * score.TASK.BUDGET.METHOD of each seed: the headline in percent. TASK `mean` is the mean over all tasks of the
 * run, of what was run on all of them.
 *
 * @param wanted metrics that claims read: those that no run has are left out, with the reason.
 */
export function benchmarkStudy(
  runs: readonly BenchmarkRun[],
  headlineOf: (run: BenchmarkRun) => number,
  wanted: readonly string[],
): Study {
  const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b);
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const replicates = seeds.map((seed): SeedMetrics => {
    const own = runs.filter((run) => run.seed === seed);
    const measured = own.map((run) => ({ ...run, metrics: { score: headlineOf(run) } }));
    return { seed, scope: metricScope(measured, tasks) };
  });
  const has = (path: string) =>
    replicates.every(({ scope }) => {
      let here: unknown = scope;
      for (const name of path.split(".")) here = (here as Record<string, unknown>)?.[name];
      return here !== undefined;
    });
  const leftOut = wanted.filter((path) => !has(path))
    .map((path) => ({
      path,
      because: "this preset does not run all that is compared on every task",
    }));
  return { replicates, leftOut };
}
