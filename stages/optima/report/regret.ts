/** Cumulative regret against the best fixed arm in hindsight. */

import type { Pulls } from "../../../methods/optima/metrics.ts";

/**
 * One curve for each seed that has both the policy and a fixed policy: after each pull, the
 * cumulative reward of the best of `fixed` (by its total, for that seed and condition) minus the
 * policy's. Curves are as long as the shorter of the two runs.
 */
export function regretCurves(
  pulls: readonly Pulls[],
  condition: string,
  policy: string,
  fixed: readonly string[],
): number[][] {
  const here = pulls.filter((p) => p.condition === condition);
  return here.filter((p) => p.policy === policy).flatMap((run) => {
    const rivals = here.filter((p) => p.seed === run.seed && fixed.includes(p.policy));
    if (rivals.length === 0) return [];
    const best = rivals.map((r) => cumulative(r.rewards)).reduce((a, b) =>
      b[b.length - 1] > a[a.length - 1] ? b : a
    );
    const own = cumulative(run.rewards);
    return [own.slice(0, best.length).map((reward, i) => best[i] - reward)];
  });
}

function cumulative(rewards: readonly number[]): number[] {
  let sum = 0;
  return rewards.map((reward) => sum += reward);
}
