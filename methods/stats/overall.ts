/** What several claims come to that a paper's statement rests on together. */

import type { ClaimVerdict } from "./claims.ts";
import type { Outcome } from "./claim_decision.ts";

/**
 * *Not reproduced* if any of the verdicts is, *reproduced* if all are, else *inconclusive*; so also when
 * there are none.
 */
export function overallOutcome(required: readonly Pick<ClaimVerdict, "verdict">[]): Outcome {
  if (required.some(({ verdict }) => verdict === "not reproduced")) return "not reproduced";
  const all = required.length > 0 && required.every(({ verdict }) => verdict === "reproduced");
  return all ? "reproduced" : "inconclusive";
}
