/** The pre-registered claims about the effective Minkowski dimension. */

import type { Claim } from "../../methods/stats/claim.ts";
import { parseClaims } from "../common/claims.ts";
import claims from "./claims.yaml" with { type: "text" };

/** @throws {Failed} naming file, line and field of stages/minkowski/claims.yaml. */
export function loadClaims(): Claim[] {
  return parseClaims(claims, "stages/minkowski/claims.yaml");
}
