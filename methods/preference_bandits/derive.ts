/** From the results of all studies to the metrics that claims read, block by block. */

import type { Study } from "../stats/claims.ts";
import type { MetricScope } from "../stats/estimand.ts";
import { crossingSize, exponent } from "./curves.ts";
import type { StudyResult } from "./rating_study.ts";

/** Results of one study and route by the name of the condition. */
export type Conditions = Readonly<Record<string, StudyResult>>;

/** Results of a study by route. */
export interface Routes {
  readonly ratings?: Conditions;
  readonly preferences?: Conditions;
}

/** Further metrics of a block, made from the block's values. */
export type Derived = (block: number) => MetricScope;

/**
 * A study whose replicates are its blocks. Metrics are read as `route.condition.measure.n<size>`, e.g.
 * `ratings.k6.lcb.n320`; what `derived` makes stands beside them.
 */
export function studyOf(routes: Routes, derived: Derived = () => ({})): Study {
  const named = Object.entries(routes).filter((entry): entry is [string, Conditions] =>
    entry[1] !== undefined
  );
  const counts = named.flatMap(([, conditions]) =>
    Object.values(conditions).map((r) => r.blocks.length)
  );
  return {
    replicates: Array.from({ length: Math.min(...counts) }, (_, block) => ({
      seed: block,
      scope: {
        ...Object.fromEntries(named.map(([route, conditions]) => [
          route,
          Object.fromEntries(
            Object.entries(conditions).map(([name, result]) => [name, measuresOf(result, block)]),
          ),
        ])),
        ...derived(block),
      },
    })),
  };
}

function measuresOf({ sizes, blocks }: StudyResult, block: number): MetricScope {
  return Object.fromEntries(
    Object.keys(blocks[block][0]).map((measure) => [
      measure,
      Object.fromEntries(sizes.map((n, i) => [`n${n}`, blocks[block][i][measure]])),
    ]),
  );
}

/** One measure over the sample sizes, in one block. */
export function curveOf({ blocks }: StudyResult, measure: string, block: number): number[] {
  return blocks[block].map((means) => means[measure]);
}

/** Exponents of n of some measures of one condition: `slope.<measure>`. */
export function slopesOf(result: StudyResult, measures: readonly string[]): Derived {
  return (block) => ({
    slope: Object.fromEntries(
      measures.map((m) => [m, exponent(result.sizes, curveOf(result, m, block))]),
    ),
  });
}

/** n½ of one condition and block: where the loss is `level`. */
export function halvingOf(
  result: StudyResult,
  measure: string,
  level: number,
  block: number,
): number {
  return crossingSize(result.sizes, curveOf(result, measure, block), level);
}

/** The largest value of a measure over conditions at their first sample size. */
export function supremumOf(
  conditions: readonly StudyResult[],
  measure: string,
  block: number,
): number {
  return Math.max(...conditions.map((r) => r.blocks[block][0][measure]));
}
