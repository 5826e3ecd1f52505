/** Preference bandits: policies from ratings and from preferences, with and without bias, to verdicts. */

import { pipeline } from "../../pipeline/mod.ts";
import { verdict } from "../common/verdict.ts";
import { checkEstimates } from "./check_estimates.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { preferenceStudies, ratingStudies } from "./conditions.ts";
import { learnPreferences } from "./learn_preferences.ts";
import { learnRatings } from "./learn_ratings.ts";
import { report } from "./report.ts";
import { preferenceBanditsConfig } from "./schema.ts";

export default pipeline({
  name: "preference_bandits",
  title:
    "Provable Benefits of Policy Learning from Human Preferences in Contextual Bandit Problems",
  citation: "Xiang Ji, Huazheng Wang, Minshuo Chen, Tuo Zhao, Mengdi Wang. arXiv 2307.12975, 2023",
  summary: "Pure theory, tested by simulation: lower confidence bounds on human ratings stay " +
    "suboptimal under a rating bias that compresses the top of the scale, pessimistic maximum " +
    "likelihood on unbiased preferences converges, and under the same bias preferences are no " +
    "better. Rates, bounds and constants are set beside what theory predicts.",
  config: preferenceBanditsConfig,
  build({ config }) {
    const { seed, blocks, lcb, mle } = config;
    const ratings = Object.entries(ratingStudies(config)).map(([study, rest]) =>
      learnRatings({ id: study, inputs: {}, params: { study, seed, blocks, lcb, ...rest } }).results
    );
    const preferences = Object.entries(preferenceStudies(config)).map(([study, rest]) => ({
      byProgram: rest.estimator === "program",
      ...learnPreferences({
        id: study,
        inputs: {},
        params: { study, seed, blocks, mle, ...rest },
      }),
    }));
    const { agreement } = checkEstimates({
      inputs: { fitted: preferences.filter((p) => p.byProgram).map((p) => p.fitted) },
      params: { mle, blocks },
    });
    const { results, studies } = collect({
      inputs: { ratings, preferences: preferences.map((p) => p.results), agreement },
      params: {
        ratings: Object.keys(ratingStudies(config)),
        preferences: Object.keys(preferenceStudies(config)),
        config,
      },
    });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: { results, studies, verdicts: decided.verdicts, evidence: decided.evidence },
      params: { config },
    });
    return { verdicts: decided.verdicts, report: sections, keep: { results, studies } };
  },
});
