/** Arranges the metrics of OPTIMA for claims: `metric.condition.policy` for each seed. */

import { CONDITIONS } from "./condition.ts";
import type { Metrics } from "./metrics.ts";
import { POLICIES } from "./policies.ts";
import type { SeedMetrics } from "../stats/estimand.ts";

/** One scope for each seed, in the order of `metrics.seeds`. */
export function scopesOf(metrics: Metrics): SeedMetrics[] {
  return metrics.seeds.map((seed) => {
    const scope: Record<string, Record<string, Record<string, number>>> = {};
    for (const row of metrics.table) {
      if (row.seed !== seed) continue;
      for (const [name, value] of Object.entries(row.metrics)) {
        if (value === undefined) continue;
        ((scope[name] ??= {})[row.condition] ??= {})[row.policy] = value;
      }
    }
    return { seed, scope };
  });
}

const KNOWN_CONDITIONS: readonly string[] = CONDITIONS;
const KNOWN_POLICIES: readonly string[] = POLICIES;

/**
 * Says when a metric path names a condition or policy that exists but that this run's preset leaves
 * out. Misspelt names are not excused: they stay errors.
 */
export function absentFrom(metrics: Metrics): (path: readonly string[]) => string | null {
  return ([_metric, condition, policy]) => {
    if (KNOWN_CONDITIONS.includes(condition) && !metrics.conditions.includes(condition)) {
      return `the condition "${condition}" is not part of this preset`;
    }
    if (KNOWN_POLICIES.includes(policy) && !metrics.policies.includes(policy)) {
      return `the policy "${policy}" is not part of this preset`;
    }
    return null;
  };
}
