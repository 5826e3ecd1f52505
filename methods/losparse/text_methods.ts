// What is compressed, and how: an encoder's linear maps under LoSparse and the methods beside it.

import type { NdArray } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { type BertParams, type ClassifierHead, linearPaths } from "../nn/mod.ts";
import type { PrunerSettings } from "../budget/mod.ts";
import { residualsOf, rowGroups } from "./rows.ts";
import { type LowRanks, type Split, splitLinears } from "./split.ts";

/**
 * What is compared. `low_rank` drops the residual; `itp` prunes rows of W itself; `movement` too, by
 * movement pruning's score; `random_rows` is LoSparse with rows chosen by lot; `no_svd` is LoSparse
 * with factors of zeros, so that S begins as W; `dense` compresses nothing.
 */
export const TEXT_METHODS = [
  "losparse",
  "low_rank",
  "itp",
  "movement",
  "random_rows",
  "no_svd",
  "dense",
] as const;
export type TextMethod = typeof TEXT_METHODS[number];

/** What may remain. */
export interface Budget {
  /** Share of the entries of all compressed maps that may remain, in (0, 1]. */
  ratio: number;
  /** ρ, share of the entries that LoSparse's low-rank part may have; below `ratio`. */
  lowRank: number;
}

/** An encoder with a task's head. */
export type Classifier<P = BertParams, H = ClassifierHead> = { encoder: P; head: H };
export type ClassifierArrays = Classifier<BertParams<NdArray>, ClassifierHead<NdArray>>;

/** A method's start and its budget. */
export interface Compression<P, H> {
  /** Paths of the compressed maps: all six of each block. */
  readonly paths: readonly string[];
  /** Rows of each of them: output neurons. */
  readonly outputs: Readonly<Record<string, number>>;
  /** Entries of their weights. */
  readonly entries: number;
  /** Entries of all L and R. */
  readonly lowRankEntries: number;
  /** What is pruned, and to which share of the entries of all S; none where nothing is. */
  readonly pruning?: {
    readonly residuals: Readonly<Record<string, NdArray>>;
    readonly final: number;
    readonly ranking?: PrunerSettings["ranking"];
    /** Entries of each row, in the pruner's order. */
    readonly sizes: readonly number[];
  };
  /** Encoder and low-rank parts as they begin, with a head drawn by the seed. */
  begin(seed: number): Split<Classifier<P, H>>;
  /** Scores of rows that are drawn instead of measured. */
  lots?(seed: number): NdArray;
}

const PREFIX = "encoder.";
const isCompressed = (path: string) => path.startsWith(`${PREFIX}blocks.`);

/**
 * Splits an encoder for a method. Heads depend on the seed alone, so that all methods begin alike.
 *
 * @param encoder its weights, whose maps to compress are those under `blocks`.
 * @param head a head drawn by a seed.
 * @param factors of its maps by their paths in the encoder; see `SplitOptions`.
 * @throws RangeError when the low-rank part leaves nothing of the budget to rows of S.
 */
export function compression<P, H>(
  method: TextMethod,
  encoder: P,
  head: (seed: number) => H,
  factors: LowRanks<NdArray>,
  { ratio, lowRank }: Budget,
): Compression<P, H> {
  const tree: Classifier<P, H> = { encoder, head: head(0) };
  const paths = linearPaths(tree).filter(isCompressed);
  const weights = residualsOf<NdArray>(tree, paths);
  const { entries, sizes, count } = rowGroups(weights);
  const prefixed = Object.fromEntries(
    Object.entries(factors).map(([path, part]) => [PREFIX + path, part]),
  );
  const split = (options: Partial<Parameters<typeof splitLinears>[1]>) =>
    splitLinears(tree, { ratio: lowRank, where: isCompressed, factors: prefixed, ...options });
  const start = method === "low_rank"
    ? split({ ratio, residual: "dropped" })
    : method === "losparse" || method === "random_rows"
    ? split({})
    : method === "no_svd"
    ? split({ init: "zeros" })
    : { params: tree, lowRanks: {} };
  const lowRankEntries = Object.values(start.lowRanks).flatMap((part) => Object.values(part))
    .reduce((sum, { data }) => sum + data.length, 0);
  const prunes = method !== "dense" && method !== "low_rank";
  const final = ratio - lowRankEntries / entries;
  if (prunes && !(final > 0)) {
    throw new RangeError(`of ${ratio} of the entries a low-rank part of ${lowRank} leaves no row`);
  }
  const ranking = method === "random_rows"
    ? { by: "given" } as const
    : method === "movement"
    ? { by: "movement" } as const
    : undefined;
  return {
    paths,
    outputs: Object.fromEntries(paths.map((path) => [path, weights[path].shape[1]])),
    entries,
    lowRankEntries,
    begin: (seed) => ({ ...start, params: { ...start.params, head: head(seed) } }),
    ...(prunes
      ? {
        pruning: { residuals: residualsOf<NdArray>(start.params, paths), final, ranking, sizes },
      }
      : {}),
    ...(ranking?.by === "given"
      ? { lots: (seed) => stream(seed, "losparse", "rows").uniform([count]) }
      : {}),
  };
}
