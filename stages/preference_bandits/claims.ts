/** Reads the pre-registered claims of stages/preference_bandits/claims.yaml. */

import type { Claim } from "../../methods/stats/claim.ts";
import { parseClaims } from "../common/claims.ts";
import text from "./claims.yaml" with { type: "text" };

/** The claims, defaults applied. */
export function loadClaims(): Claim[] {
  return parseClaims(text, "stages/preference_bandits/claims.yaml");
}
