/** The rules that turn a test into a verdict. */

import type { Claim } from "./claim.ts";
import { byEquivalence } from "./claim_analysis.ts";
import type { Analysis } from "./claim_analysis.ts";
import { mean } from "./summary.ts";

export type Outcome = "reproduced" | "not reproduced" | "inconclusive";

/** −1 when small values support the claim, 1 when large ones do, 0 when values in the region do. */
export function direction(claim: Claim): -1 | 0 | 1 {
  switch (claim.kind) {
    case "equivalence":
    case "control":
    case "match":
      return 0;
    case "trend":
      return claim.alternative === "decreasing" ? -1 : 1;
    case "superiority":
      return (claim.alternative === "two-sided" ? claim.favours : claim.alternative) === "less"
        ? -1
        : 1;
    default:
      return claim.alternative === "less" ? -1 : 1;
  }
}

/** The verdict of an analysis; `p` is after the correction. The rules are those of `evaluateClaims`. */
export function decide(a: Analysis, p: number): Outcome {
  const { claim } = a;
  if (a.obstacle !== null || a.interval === null) return "inconclusive";
  if (a.values.length < claim.minimum_n) return "inconclusive";
  if (claim.kind === "match") {
    if (p < claim.alpha) return "not reproduced";
    return a.standardError! <= claim.precision ? "reproduced" : "inconclusive";
  }
  const favours = direction(claim);
  const [low, high] = a.interval;
  if (byEquivalence(claim)) {
    if (p < claim.alpha) return "reproduced";
    const [least, most] = a.region!;
    const above = low >= most;
    const below = high <= least;
    const outside = favours < 0 ? above : favours > 0 ? below : above || below;
    return outside ? "not reproduced" : "inconclusive";
  }
  const claimed = (mean(a.values) - a.reference) * favours > 0;
  if (p < claim.alpha && claimed) return "reproduced";
  const excluded = favours < 0 ? low >= a.reference : high <= a.reference;
  const negligible = a.insideP !== null && a.insideP < claim.alpha;
  return excluded || negligible ? "not reproduced" : "inconclusive";
}
