/** Draws ratings and learns from them. */

import { banditOf } from "../../methods/preference_bandits/problems.ts";
import { runRatings } from "../../methods/preference_bandits/rating_study.ts";
import { randomTabular } from "../../methods/preference_bandits/tabular.ts";
import { ratingDeviation } from "../../methods/preference_bandits/transform.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { Run } from "../../pipeline/types.ts";
import type { learnRatings, Results } from "./learn_ratings.ts";

export const run: Run<typeof learnRatings> = async ({ params, outputs, progress }) => {
  const { study, seed, blocks, replications, lcb, conditions } = params;
  const results: Results = {};
  for (const [i, condition] of conditions.entries()) {
    const { name, sizes, bandit, transform, sigma, exponent } = condition;
    const noise = { sigma, exponent };
    const instanceAt = (n: number, block: number) =>
      "arms" in bandit
        ? randomTabular(stream(seed, "bandits", study, block), bandit)
        : banditOf(bandit, n);
    // Where noise depends on the reward, one learner is told each arm's own scale, the other the largest.
    const own = instanceAt(sizes[0], 0).rewards.flat().map((r) => ratingDeviation(noise, r));
    results[name] = runRatings(
      {
        sizes,
        blocks,
        replications,
        instanceAt,
        transform,
        noise,
        learners: {
          lcb: { ...lcb, scale: exponent === 0 ? sigma : own },
          ...(exponent === 0 ? {} : { common: { ...lcb, scale: sigma } }),
          mean: { ...lcb, constant: 0, scale: sigma },
        },
      },
      stream(seed, "ratings", study),
    );
    progress({ step: i + 1, steps: conditions.length });
  }
  await outputs.results.write(results);
};
