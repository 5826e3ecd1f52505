/** Draws comparisons and learns from them. */

import { vmappedMle } from "../../methods/preference_bandits/batch_mle.ts";
import { newtonMle } from "../../methods/preference_bandits/newton.ts";
import {
  type BatchMle,
  runPreferences,
} from "../../methods/preference_bandits/preference_study.ts";
import {
  fourActionPreferences,
  type PreferenceProblem,
  randomPreferences,
  tabularPreferences,
  twoArmPreferences,
} from "../../methods/preference_bandits/problems.ts";
import { randomTabular } from "../../methods/preference_bandits/tabular.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { Run } from "../../pipeline/types.ts";
import type { Fitted, learnPreferences, preferenceCondition } from "./learn_preferences.ts";
import type { Results } from "./learn_ratings.ts";
import type { z } from "zod";

export const run: Run<typeof learnPreferences> = async (ctx) => {
  const { params, outputs, provider, threads, progress } = ctx;
  const { study, seed, blocks, replications, mle, learners, conditions } = params;
  const estimate: BatchMle = params.estimator === "program"
    ? vmappedMle({ ...mle, provider, threads })
    : (design, data) =>
      Promise.resolve(
        Float64Array.from(data.flatMap((one) => [...newtonMle(design, one, mle.ball).theta])),
      );
  const results: Results = {};
  const fitted: Fitted[] = [];
  for (const [i, condition] of conditions.entries()) {
    const { name, sizes } = condition;
    const { ball, delta, ridge, checked: kept } = mle;
    const problemAt = problemsOf(condition, study, seed);
    const { result, fitted: data } = await runPreferences(
      { sizes, blocks, replications, problemAt, ball, delta, ridge, learners, kept },
      stream(seed, "preferences", study),
      estimate,
    );
    results[name] = result;
    const { dimension, differences } = problemAt(sizes[0], 0).design;
    fitted.push({ study, condition: name, dimension, differences: Array.from(differences), data });
    progress({ step: i + 1, steps: conditions.length });
  }
  await outputs.results.write(results);
  await outputs.fitted.write(fitted);
};

function problemsOf(
  condition: z.output<typeof preferenceCondition>,
  study: string,
  seed: number,
): (n: number, block: number) => PreferenceProblem {
  switch (condition.problem) {
    case "two_arm": {
      const { bandit, transform, informative } = condition;
      return (n) => twoArmPreferences(bandit, n, transform, informative);
    }
    case "tabular": {
      const { bandit, transform } = condition;
      return (_n, block) =>
        tabularPreferences(randomTabular(stream(seed, "bandits", study, block), bandit), transform);
    }
    case "random": {
      const { contexts, arms, dimension, norm: size } = condition;
      const instance = stream(seed, "instance", condition.name);
      const problem = randomPreferences(instance, { contexts, arms, dimension, size });
      return () => problem;
    }
    case "four_actions": {
      const problem = fourActionPreferences(condition.balanced);
      return () => problem;
    }
  }
}
