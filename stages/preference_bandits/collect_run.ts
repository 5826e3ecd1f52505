/** Gathers the studies and derives the metrics of the claims. */

import { exponent } from "../../methods/preference_bandits/curves.ts";
import {
  type Conditions,
  type Derived,
  halvingOf,
  slopesOf,
  studyOf,
  supremumOf,
} from "../../methods/preference_bandits/derive.ts";
import {
  lcbWorstCase,
  preferenceHalving,
  preferenceSuboptimality,
  ratingHalving,
  ratingSuboptimality,
  type TwoArmView,
} from "../../methods/preference_bandits/theory.ts";
import type { Studies, Study } from "../../methods/stats/claims.ts";
import type { Run } from "../../pipeline/types.ts";
import type { Agreement } from "./check_estimates.ts";
import type { AllResults, collect } from "./collect.ts";
import { concentrabilityName, partName, saturationName, seenGap } from "./conditions.ts";
import type { Results } from "./learn_ratings.ts";
import type { PreferenceBanditsConfig } from "./schema.ts";

export const run: Run<typeof collect> = async ({ inputs, params, outputs }) => {
  const read = async (names: readonly string[], artifacts: typeof inputs.ratings) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name, i) => [name, await artifacts[i].read()] as const)),
    ) as Record<string, Results>;
  const results: AllResults = {
    ratings: await read(params.ratings, inputs.ratings),
    preferences: await read(params.preferences, inputs.preferences),
    agreement: await inputs.agreement.read(),
  };
  await outputs.results.write(results);
  await outputs.studies.write(studiesOf(results, params.config));
};

/** Every study with its derived metrics. */
export function studiesOf(results: AllResults, config: PreferenceBanditsConfig): Studies {
  const { ratings, preferences } = results;
  const both = (name: string, derived?: Derived) =>
    studyOf({ ratings: ratings[name], preferences: preferences[name] }, derived);
  const worst = {
    ratings: slopesOf(ratings.worst_case.shrinking, ["lcb", "mean"]),
    preferences: slopesOf(preferences.worst_case.shrinking, ["pessimistic", "greedy"]),
  };
  return {
    crossing: both("crossing"),
    matched: both("matched", matchedOf(ratings.matched, preferences.matched, config)),
    bandits: both("bandits"),
    validity: both("validity"),
    saturation_law: both(
      "saturation_law",
      lawOf(ratings.saturation_law, preferences.saturation_law, config),
    ),
    worst_case: both("worst_case", (block) => ({
      slope: { ratings: worst.ratings(block).slope, preferences: worst.preferences(block).slope },
    })),
    concentrability: both("concentrability", supremaOf(ratings.concentrability, config)),
    reward_noise: both("reward_noise"),
    price: both("price"),
    four_actions: both("four_actions"),
    linear: both(
      "linear",
      slopesOf(preferences.linear.random, ["error", "greedy"]),
    ),
    dimensions: both("dimensions", dimensionsOf(preferences.dimensions, config)),
    estimates: estimatesOf(results.agreement),
  };
}

/** Exponents of the loss in n when the saturation is matched to n, and the least loss of any learner. */
function matchedOf(
  ratings: Conditions,
  preferences: Conditions,
  { bandit, matched: { sizes, gap: left } }: PreferenceBanditsConfig,
): Derived {
  const { contexts, gap, sigma } = bandit;
  const least = (loss: (view: TwoArmView, n: number) => number) =>
    Object.fromEntries(
      sizes.map((n) => [`n${n}`, loss({ contexts, gap, seenGap: left / Math.sqrt(n) }, n)]),
    );
  const limit = {
    ratings: least((view, n) => ratingSuboptimality(view, sigma, n)),
    preferences: least(preferenceSuboptimality),
  };
  const of = (conditions: Conditions, measure: string, block: number) =>
    exponent(sizes, sizes.map((n) => conditions[`n${n}`].blocks[block][0][measure]));
  return (block) => ({
    exponent: {
      ratings: of(ratings, "lcb", block),
      preferences: of(preferences, "pessimistic", block),
    },
    limit,
  });
}

/** The law n½ ∝ (noise/gap_h)²: fitted exponents, and the measured over the predicted n½. */
function lawOf(
  ratings: Conditions,
  preferences: Conditions,
  config: PreferenceBanditsConfig,
): Derived {
  const { saturations } = config.saturationLaw;
  const { contexts, gap, sigma } = config.bandit;
  const gaps = saturations.map((k) => seenGap(config, k));
  const halves = (conditions: Conditions, measure: string, block: number) =>
    saturations.map((k) => halvingOf(conditions[saturationName(k)], measure, gap / 4, block));
  const summary = (measured: readonly number[], predicted: readonly number[]) => ({
    exponent: exponent(gaps.map((g) => 1 / g), measured),
    log_ratio: measured.reduce((sum, n, i) => sum + Math.log(n / predicted[i]), 0) /
      measured.length,
    half: Object.fromEntries(saturations.map((k, i) => [saturationName(k), measured[i]])),
  });
  return (block) => ({
    law: {
      ratings: summary(
        halves(ratings, "lcb", block),
        gaps.map((seenGap) => ratingHalving({ contexts, seenGap }, sigma)),
      ),
      preferences: summary(
        halves(preferences, "pessimistic", block),
        gaps.map((seenGap) => preferenceHalving({ contexts, seenGap })),
      ),
    },
  });
}

/** The largest loss over gaps for each C*, and how near it comes to LCB's bound. */
function supremaOf(
  ratings: Conditions,
  { concentrability, lcb, bandit }: PreferenceBanditsConfig,
): Derived {
  const { values, gaps, size } = concentrability;
  const suprema = (measure: string, block: number) =>
    values.map((value) =>
      supremumOf(gaps.map((gap) => ratings[concentrabilityName(value, gap)]), measure, block)
    );
  const named = (of: readonly number[]) =>
    Object.fromEntries(values.map((value, i) => [partName("c", value), of[i]]));
  return (block) => {
    const worst = suprema("lcb", block);
    const bounds = values.map((value) => lcbWorstCase({ ...bandit, ...lcb }, value, size));
    return {
      worst: {
        lcb: named(worst),
        mean: named(suprema("mean", block)),
        tightness: Math.max(...worst.map((loss, i) => loss / bounds[i])),
      },
    };
  };
}

/** How the squared error grows with d. */
function dimensionsOf(preferences: Conditions, { dimensions }: PreferenceBanditsConfig): Derived {
  return (block) => ({
    scaling: exponent(
      dimensions.values,
      dimensions.values.map((d) => preferences[partName("d", d)].blocks[block][0].squared_error),
    ),
  });
}

/** Largest differences between the two estimators, over conditions. */
function estimatesOf(agreement: readonly Agreement[]): Study {
  const blocks = agreement[0].program.length;
  return {
    replicates: Array.from({ length: blocks }, (_, block) => ({
      seed: block,
      scope: {
        difference: {
          program: Math.max(...agreement.map((a) => a.program[block])),
          stopped: Math.max(...agreement.map((a) => a.stopped[block])),
        },
      },
    })),
  };
}
