/** The pre-registered claims of AdaLoRA. */

import type { Claim } from "../../methods/stats/claim.ts";
import { parseClaims } from "../common/claims.ts";
import claims from "./claims.yaml" with { type: "text" };

/** @throws {Failed} naming file, line and field of stages/adalora/claims.yaml. */
export function loadClaims(): Claim[] {
  return parseClaims(claims, "stages/adalora/claims.yaml");
}
