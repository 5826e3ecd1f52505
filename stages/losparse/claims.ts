/** The pre-registered claims of LoSparse. */

import type { Claim } from "../../methods/stats/claim.ts";
import { parseClaims } from "../common/claims.ts";
import claims from "./claims.yaml" with { type: "text" };

/** @throws {Failed} naming file, line and field of stages/losparse/claims.yaml. */
export function loadClaims(): Claim[] {
  return parseClaims(claims, "stages/losparse/claims.yaml");
}
