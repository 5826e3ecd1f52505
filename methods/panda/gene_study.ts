/** Classification of gene expressions over random splits, for two or more classes (section 5.3). */

import type { Stream } from "../tensor/random.ts";
import { type Estimate, lpd, pandaThin } from "./estimators.ts";
import { type Expression, middleVariance, part, screen, stratifiedSplit } from "./expression.ts";
import { multiclassError } from "./k_classes.ts";
import { contrastsOf, type Moments } from "./moments.ts";

/** Methods that are compared on gene expressions. */
export const GENE_METHODS = ["panda", "lpd"] as const;
export type GeneMethod = typeof GENE_METHODS[number];

/** Choices of the study. */
export interface GeneOptions {
  readonly transform: "none" | "log2";
  readonly varianceParts: number | null;
  readonly keep: number;
  readonly validationShare: number;
  readonly testShare: number;
  /** λ̃, descending. */
  readonly grid: readonly number[];
  readonly c: number;
}

/** One method on one split. λ̃ are those of the smallest validation error, which is often shared. */
export interface GeneOutcome {
  readonly validation: number;
  /** Test error at the largest, at the smallest, and on average over the λ̃ that share the best error. */
  readonly test: { readonly largest: number; readonly smallest: number; readonly mean: number };
  readonly lambda: { readonly largest: number; readonly smallest: number };
  readonly ties: number;
}

/** All splits of one data set. */
export interface GeneResult {
  readonly classes: readonly { readonly name: string; readonly samples: number }[];
  readonly genes: number;
  /** Genes left by the variance filter. */
  readonly filtered: number;
  /** Samples of a split, over all classes. */
  readonly sizes: { readonly train: number; readonly validation: number; readonly test: number };
  readonly splits: readonly {
    readonly seed: number;
    readonly methods: Readonly<Record<GeneMethod, GeneOutcome>>;
  }[];
}

/** Splits, screens on the training part, tunes on the validation part, and tests, for each seed. */
export function runSplits(
  expression: Expression,
  options: GeneOptions,
  seeds: readonly number[],
  random: (seed: number) => Stream,
  finished: (splits: number) => void = () => {},
): GeneResult {
  const names = [...new Set(expression.classes)].sort();
  const values = options.transform === "log2"
    ? { ...expression.values, data: expression.values.data.map((v) => Math.log2(Math.max(v, 1))) }
    : expression.values;
  const candidates = options.varianceParts === null
    ? Int32Array.from(expression.genes.keys())
    : middleVariance(values, options.varianceParts);
  const shares = { validation: options.validationShare, test: options.testShare };
  const count = (parts: readonly Int32Array[]) => parts.reduce((sum, p) => sum + p.length, 0);
  let sizes = { train: 0, validation: 0, test: 0 };
  const splits = seeds.map((seed, done) => {
    const split = stratifiedSplit(expression.classes, names, shares, random(seed));
    sizes = {
      train: count(split.train),
      validation: count(split.validation),
      test: count(split.test),
    };
    const genes = screen(values, split.train, candidates, options.keep);
    const take = (parts: readonly Int32Array[]) => parts.map((rows) => part(values, rows, genes));
    const contrasts = contrastsOf(take(split.train));
    const validation = take(split.validation), test = take(split.test);
    const outcome = (path: (m: Moments) => Iterable<Estimate>) =>
      outcomeOf(contrasts, path, validation, test, options.grid);
    const methods = {
      panda: outcome((m) => pandaThin(m, options.grid, options.c)),
      lpd: outcome((m) => lpd(m, options.grid)),
    };
    finished(done + 1);
    return { seed, methods };
  });
  return {
    classes: names.map((name) => ({
      name,
      samples: expression.classes.filter((c) => c === name).length,
    })),
    genes: expression.genes.length,
    filtered: candidates.length,
    sizes,
    splits,
  };
}

/** Follows the K − 1 paths together, one λ̃ for all, and tests what the validation part prefers. */
function outcomeOf(
  contrasts: readonly Moments[],
  path: (moments: Moments) => Iterable<Estimate>,
  validation: Parameters<typeof multiclassError>[0],
  test: Parameters<typeof multiclassError>[0],
  grid: readonly number[],
): GeneOutcome {
  const paths = contrasts.map((m) => path(m)[Symbol.iterator]());
  let best = Infinity;
  let tied: { lambda: number; error: number }[] = [];
  for (const lambda of grid) {
    const steps = paths.map((path) => path.next());
    // A path ends where no direction satisfies the constraint of one contrast.
    if (steps.some((step) => step.done)) break;
    const directions = steps.map((step) => (step.value as Estimate).beta);
    const error = multiclassError(validation, contrasts, directions);
    if (error > best) continue;
    if (error < best) tied = [];
    best = error;
    tied.push({ lambda, error: multiclassError(test, contrasts, directions) });
  }
  const first = tied[0], last = tied[tied.length - 1];
  return {
    validation: best,
    test: {
      largest: first.error,
      smallest: last.error,
      mean: tied.reduce((sum, t) => sum + t.error, 0) / tied.length,
    },
    lambda: { largest: first.lambda, smallest: last.lambda },
    ties: tied.length,
  };
}
