/** The conditions of every study, made from the configuration. */

import { preferenceHalving, ratingHalving } from "../../methods/preference_bandits/theory.ts";
import { meanRating, saturationOf } from "../../methods/preference_bandits/transform.ts";
import type { PreferenceCondition } from "./learn_preferences.ts";
import type { RatingCondition } from "./learn_ratings.ts";
import type { PreferenceBanditsConfig } from "./schema.ts";

/** Names as claims and figures use them: a saturation of 3 is `k3`, one of 0.5 `k0_5`. */
export const saturationName = (k: number): string => `k${String(k).replace(".", "_")}`;
const saturation = (k: number) => ({ kind: "saturation" as const, k });
const part = (name: string, value: number) => `${name}${String(value).replace(".", "_")}`;

/** Studies of the rating route: conditions and data sets a block. */
export function ratingStudies(c: PreferenceBanditsConfig) {
  const { contexts, top, gap, sigma } = c.bandit;
  const bandit = { contexts, top, gap };
  const condition = (name: string, sizes: readonly number[], rest: Partial<RatingCondition>) => ({
    name,
    sizes: [...sizes],
    bandit,
    transform: saturation(0),
    sigma,
    ...rest,
  });
  const {
    crossing,
    matched,
    bandits,
    validity,
    saturationLaw,
    worstCase,
    concentrability,
    rewardNoise,
    price,
  } = c;
  return {
    crossing: {
      replications: crossing.replications,
      conditions: [
        ...crossing.saturations.map((k) =>
          condition(saturationName(k), crossing.sizes, { transform: saturation(k) })
        ),
        condition("reversing", crossing.sizes, { transform: { kind: "reversing" } }),
      ],
    },
    matched: {
      replications: matched.replications,
      conditions: matched.sizes.map((n) =>
        condition(`n${n}`, [n], { transform: saturation(matchedSaturation(c, n)) })
      ),
    },
    bandits: {
      replications: bandits.replications,
      conditions: bandits.saturations.map((k) =>
        condition(saturationName(k), bandits.sizes, {
          bandit: { contexts: bandits.contexts, arms: bandits.arms },
          transform: saturation(k),
        })
      ),
    },
    validity: {
      blocks: validity.dataSets,
      replications: 1,
      conditions: [0, validity.saturation].map((k) =>
        condition(k === 0 ? "unbiased" : "biased", [validity.ratings], {
          transform: saturation(k),
        })
      ),
    },
    saturation_law: {
      replications: saturationLaw.replications,
      conditions: saturationLaw.saturations.map((k) => {
        const half = ratingHalving({ contexts, seenGap: seenGap(c, k) }, sigma);
        const sizes = saturationLaw.factors.map((f) => Math.round(f * half));
        return condition(saturationName(k), sizes, { transform: saturation(k) });
      }),
    },
    worst_case: {
      replications: worstCase.replications,
      conditions: [
        condition("shrinking", worstCase.sizes, {
          bandit: { contexts, top, gap: worstCase.ratingGap, shrinking: true },
        }),
      ],
    },
    concentrability: {
      replications: concentrability.replications,
      conditions: concentrability.values.flatMap((value) =>
        concentrability.gaps.map((gap) =>
          condition(concentrabilityName(value, gap), [concentrability.size], {
            bandit: { contexts, top, gap, shrinking: true, concentrability: value },
          })
        )
      ),
    },
    reward_noise: {
      replications: rewardNoise.replications,
      conditions: rewardNoise.exponents.map((exponent) =>
        condition(part("q", exponent), rewardNoise.sizes, {
          bandit: { contexts, top, gap: rewardNoise.gap },
          sigma: rewardNoise.sigma,
          exponent,
        })
      ),
    },
    price: {
      replications: price.replications,
      conditions: price.sigmas.map((sigma) =>
        condition(part("sigma", sigma), [price.size, 2 * price.size], { sigma })
      ),
    },
  };
}

/** Studies of the preference route. */
export function preferenceStudies(c: PreferenceBanditsConfig) {
  const { contexts, top, gap } = c.bandit;
  const twoArm = (
    name: string,
    sizes: readonly number[],
    rest: { k?: number; informative?: boolean; shrinking?: number } = {},
  ): PreferenceCondition => ({
    problem: "two_arm",
    name,
    sizes: [...sizes],
    bandit: rest.shrinking === undefined
      ? { contexts, top, gap }
      : { contexts, top, gap: rest.shrinking, shrinking: true },
    transform: saturation(rest.k ?? 0),
    informative: rest.informative ?? true,
  });
  const random = (
    name: string,
    sizes: readonly number[],
    shape: { contexts: number; arms: number; dimension: number },
    norm: number,
  ): PreferenceCondition => ({ problem: "random", name, sizes: [...sizes], ...shape, norm });
  const { crossing, matched, bandits, validity, saturationLaw, worstCase, price } = c;
  const { fourActions, linear, dimensions } = c;
  const both = { greedy: 0, pessimistic: 1 };
  const program = { estimator: "program" as const, learners: both };
  return {
    crossing: {
      ...program,
      replications: crossing.replications,
      conditions: [
        ...crossing.saturations.map((k) => twoArm(saturationName(k), crossing.sizes, { k })),
        twoArm("coin", crossing.sizes, { informative: false }),
      ],
    },
    matched: {
      ...program,
      replications: matched.replications,
      conditions: [
        ...matched.sizes.map((n) => twoArm(`n${n}`, [n], { k: matchedSaturation(c, n) })),
        twoArm("unbiased", matched.sizes),
      ],
    },
    bandits: {
      ...program,
      replications: bandits.replications,
      conditions: bandits.saturations.map((k): PreferenceCondition => ({
        problem: "tabular",
        name: saturationName(k),
        sizes: bandits.sizes,
        bandit: { contexts: bandits.contexts, arms: bandits.arms },
        transform: saturation(k),
      })),
    },
    validity: {
      ...program,
      blocks: validity.dataSets,
      replications: 1,
      conditions: [0, validity.saturation].map((k) =>
        twoArm(k === 0 ? "unbiased" : "biased", [validity.preferences], { k })
      ),
    },
    saturation_law: {
      ...program,
      learners: { pessimistic: 1 },
      replications: saturationLaw.replications,
      conditions: saturationLaw.saturations.map((k) => {
        const half = preferenceHalving({ contexts, seenGap: seenGap(c, k) });
        return twoArm(saturationName(k), saturationLaw.factors.map((f) => Math.round(f * half)), {
          k,
        });
      }),
    },
    worst_case: {
      ...program,
      replications: worstCase.replications,
      conditions: [
        twoArm("shrinking", worstCase.sizes, { shrinking: worstCase.preferenceGap }),
      ],
    },
    price: {
      ...program,
      replications: price.replications,
      conditions: [twoArm("unbiased", [price.size])],
    },
    four_actions: {
      estimator: "newton" as const,
      learners: both,
      replications: fourActions.replications,
      conditions: [false, true].map((balanced): PreferenceCondition => ({
        problem: "four_actions",
        name: balanced ? "balanced" : "trap",
        sizes: [...fourActions.sizes],
        balanced,
      })),
    },
    linear: {
      estimator: "program" as const,
      learners: { greedy: 0, tenth: 0.1, pessimistic: 1 },
      replications: linear.replications,
      conditions: [random("random", linear.sizes, shapeOf(linear), linear.norm)],
    },
    dimensions: {
      estimator: "program" as const,
      learners: { greedy: 0 },
      replications: dimensions.replications,
      conditions: dimensions.values.map((dimension) =>
        random(
          part("d", dimension),
          [dimensions.size],
          shapeOf({ ...dimensions, dimension }),
          dimensions.norm,
        )
      ),
    },
  };
}

/** The condition of one C* and one gap c. */
export const concentrabilityName = (value: number, gap: number): string =>
  `${part("c", value)}_${part("gap", gap)}`;

/** The condition of one dimension, noise exponent or standard deviation. */
export const partName = part;

/** The k at which c/√n is left of the gap. */
function matchedSaturation({ bandit: { top, gap }, matched }: PreferenceBanditsConfig, n: number) {
  return saturationOf([top, top - gap], matched.gap / Math.sqrt(n)).k;
}

/** h̄(r¹) − h̄(r⁰) on the configured bandit. */
export function seenGap({ bandit: { top, gap } }: PreferenceBanditsConfig, k: number): number {
  return meanRating(saturation(k), top) - meanRating(saturation(k), top - gap);
}

function shapeOf(a: { contexts: number; arms: number; dimension: number }) {
  return { contexts: a.contexts, arms: a.arms, dimension: a.dimension };
}
