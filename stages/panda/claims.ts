/** The pre-registered claims of PANDA. */

import type { Claim } from "../../methods/stats/claim.ts";
import { parseClaims } from "../common/claims.ts";
import claims from "./claims.yaml" with { type: "text" };

/** @throws {Failed} naming file, line and field of stages/panda/claims.yaml. */
export function loadClaims(): Claim[] {
  return parseClaims(claims, "stages/panda/claims.yaml");
}
