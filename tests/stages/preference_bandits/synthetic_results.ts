/** Results of all studies as theory has them, with a little scatter, for tests of what follows the learners. */

import type { StudyResult } from "../../../methods/preference_bandits/rating_study.ts";
import {
  preferenceSuboptimality,
  ratingSuboptimality,
} from "../../../methods/preference_bandits/theory.ts";
import { meanRating } from "../../../methods/preference_bandits/transform.ts";
import type { AllResults } from "../../../stages/preference_bandits/collect.ts";
import { preferenceStudies, ratingStudies } from "../../../stages/preference_bandits/conditions.ts";
import type { PreferenceCondition } from "../../../stages/preference_bandits/learn_preferences.ts";
import type { RatingCondition } from "../../../stages/preference_bandits/learn_ratings.ts";
import type { PreferenceBanditsConfig } from "../../../stages/preference_bandits/schema.ts";

/** What a condition's measures are at n. */
type Measures = (n: number) => Record<string, number>;

/** A world that may differ from the true one. */
export interface World {
  /** Every loss of preferences is multiplied by this in the crossing study. @default 1 */
  readonly preferenceLoss?: number;
  /** Exponent of the parameter error in n. @default −1/2 */
  readonly errorPower?: number;
  /** Largest difference of the two estimators. @default 1e-10 */
  readonly disagreement?: number;
}

/** All results of `config`'s studies in a world. */
export function syntheticResults(config: PreferenceBanditsConfig, world: World = {}): AllResults {
  const { preferenceLoss = 1, errorPower = -0.5, disagreement = 1e-10 } = world;
  const ratings = Object.fromEntries(
    Object.entries(ratingStudies(config)).map(([study, { conditions, ...rest }]) => [
      study,
      Object.fromEntries(conditions.map((c) => [
        c.name,
        resultOf(c.sizes, "blocks" in rest ? rest.blocks : config.blocks, ratingMeasures(c, study)),
      ])),
    ]),
  );
  const preferences = Object.fromEntries(
    Object.entries(preferenceStudies(config)).map(([study, { conditions, ...rest }]) => [
      study,
      Object.fromEntries(conditions.map((c) => [
        c.name,
        resultOf(
          c.sizes,
          "blocks" in rest ? rest.blocks : config.blocks,
          preferenceMeasures(c, study === "crossing" ? preferenceLoss : 1, errorPower),
        ),
      ])),
    ]),
  );
  const flat = (value: number) => new Array<number>(config.blocks).fill(value);
  const agreement = [{
    study: "crossing",
    condition: "k0",
    dataSets: 100,
    onBoundary: 7,
    program: flat(disagreement),
    stopped: flat(0.1),
  }];
  return { ratings, preferences, agreement };
}

/** Blocks that scatter by a per mille about the measures; shares of single data sets are whole. */
function resultOf(sizes: readonly number[], blocks: number, measures: Measures): StudyResult {
  return {
    sizes,
    blocks: Array.from({ length: blocks }, (_, b) =>
      sizes.map((n, i) =>
        Object.fromEntries(
          Object.entries(measures(n)).map(([name, value]) => {
            const share = SHARES.has(name) || name.endsWith("_bound");
            return [
              name,
              share
                ? ((b * 7919) % 1000 < 1000 * value ? 1 : 0)
                : value * (1 + 1e-3 * Math.sin(b + 3 * i)),
            ];
          }),
        )
      )),
  };
}

const SHARES = new Set(["bound", "covered", "wald", "reached"]);

/** A loss on random bandits that falls with n, slower for noise and saturation. */
function randomLoss(transform: RatingCondition["transform"], n: number, noise: number): number {
  const k = transform.kind === "saturation" ? transform.k : 0;
  return Math.min(0.3, noise * Math.exp(k) / Math.sqrt(n));
}

function ratingMeasures(c: RatingCondition, study: string): Measures {
  const { bandit } = c;
  if ("arms" in bandit) {
    return (n) => ({ lcb: randomLoss(c.transform, n, c.sigma), mean: 0.1, lcb_bound: 1 });
  }
  return (n) => {
    const { contexts, top, gap: c0, shrinking, concentrability = 2 } = bandit;
    const gap = shrinking ? c0 / Math.sqrt(n) : c0;
    const seen = meanRating(c.transform, top) - meanRating(c.transform, top - gap);
    const loss = ratingSuboptimality({ contexts, gap, seenGap: seen }, c.sigma, n);
    const biased = c.name === "biased";
    // LCB prefers the quieter arm, and well-logged arms.
    const noisy = study === "reward_noise" && (c.exponent ?? 0) > 0 ? 1.5 * gap / 2 : loss;
    const lcb = study === "concentrability" ? loss * (concentrability - 1) : noisy;
    const quieter = (c.exponent ?? 0) > 0 ? 0.5 : 1;
    return {
      lcb,
      common: loss,
      mean: loss * quieter,
      lcb_bound: biased ? 0.1 : 1,
    };
  };
}

function preferenceMeasures(c: PreferenceCondition, factor: number, power: number): Measures {
  const shares = (biased: boolean) => ({
    bound: biased ? 0.1 : 1,
    covered: 1,
    wald: 0.9,
    reached: 1,
  });
  if (c.problem === "four_actions") {
    return (n) => ({
      greedy: c.balanced ? (n > 1000 ? 0 : 0.05) : 0.27,
      pessimistic: n > 1e5 ? 0 : 0.1,
      ...shares(false),
    });
  }
  if (c.problem === "tabular") {
    return (n) => {
      const loss = randomLoss(c.transform, n, 4);
      return {
        greedy: loss,
        pessimistic: loss,
        error: 1,
        squared_error: 1,
        efficiency: 1,
        ...shares(false),
      };
    };
  }
  if (c.problem === "random") {
    return (n) => {
      const squared = c.dimension * n ** (2 * power);
      const greedy = 10 / n;
      return {
        greedy,
        tenth: 2 * greedy,
        pessimistic: 0.4,
        error: Math.sqrt(squared),
        squared_error: squared,
        efficiency: 1,
        ...shares(false),
      };
    };
  }
  return (n) => {
    const { contexts, top, gap: c0, shrinking } = c.bandit;
    const gap = shrinking ? c0 / Math.sqrt(n) : c0;
    const seen = meanRating(c.transform, top) - meanRating(c.transform, top - gap);
    const loss = c.informative === false
      ? gap / 2
      : factor * preferenceSuboptimality({ contexts, gap, seenGap: seen }, n);
    return {
      greedy: loss,
      pessimistic: loss,
      error: 1,
      squared_error: 1,
      efficiency: 1,
      ...shares(c.name === "biased"),
    };
  };
}
