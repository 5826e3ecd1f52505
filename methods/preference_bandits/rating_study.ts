/** Replications of learning from ratings, summarised by independent blocks. */

import type { Stream } from "../tensor/random.ts";
import { type BanditInstance, suboptimality } from "./instance.ts";
import { lcbBound, type LcbOptions, lcbPolicy } from "./lcb.ts";
import { ratingSampler } from "./ratings.ts";
import type { RatingNoise, Transform } from "./transform.ts";

/** Sample sizes and replications, the same for both routes. */
export interface Replications {
  /** Sample sizes n, increasing. */
  readonly sizes: readonly number[];
  /** Blocks are the units of all statistics: independent, each the mean over its replications. */
  readonly blocks: number;
  /** Data sets a block and sample size. */
  readonly replications: number;
}

/** Means over the replications of one block at one sample size, by name. */
export type BlockMeans = Readonly<Record<string, number>>;

/** Results of a study: `blocks[b][i]` belongs to block b and `sizes[i]`. */
export interface StudyResult {
  readonly sizes: readonly number[];
  readonly blocks: readonly (readonly BlockMeans[])[];
}

/** How ratings come about and are learned from. */
export interface RatingStudy extends Replications {
  /** The bandit of a block at sample size n. */
  instanceAt(n: number, block: number): BanditInstance;
  readonly transform: Transform;
  readonly noise: RatingNoise;
  /** Learners by name; all see the same data. */
  readonly learners: Readonly<Record<string, LcbOptions>>;
}

/**
 * Draws and learns. For each learner: `<name>` is its mean SubOpt and, for those that penalise,
 * `<name>_bound` the share of replications within the bound of {@link lcbBound}.
 *
 * Data of block b come from `stream.child("block", b, n)`: studies that share a stream and differ in the
 * transform or the noise see the same counts and the same normal numbers.
 */
export function runRatings(study: RatingStudy, stream: Stream): StudyResult {
  const { sizes, blocks, replications } = study;
  return {
    sizes,
    blocks: Array.from({ length: blocks }, (_, block) =>
      sizes.map((n) => {
        const instance = study.instanceAt(n, block);
        const sampler = ratingSampler(instance, study.transform, study.noise);
        const draws = stream.child("block", block, n);
        const ties = stream.child("ties", block, n);
        const sums: Record<string, number> = {};
        for (let r = 0; r < replications; r++) {
          const data = sampler.draw(draws, n);
          for (const [name, options] of Object.entries(study.learners)) {
            const loss = suboptimality(instance, lcbPolicy(instance, data, options, ties));
            sums[name] = (sums[name] ?? 0) + loss;
            if (options.constant === 0) continue;
            const within = loss <= lcbBound(instance, data, options) ? 1 : 0;
            sums[`${name}_bound`] = (sums[`${name}_bound`] ?? 0) + within;
          }
        }
        return meansOf(sums, replications);
      })),
  };
}

/** Sums over replications as means. */
export function meansOf(sums: Readonly<Record<string, number>>, replications: number): BlockMeans {
  return Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [name, sum / replications]),
  );
}
