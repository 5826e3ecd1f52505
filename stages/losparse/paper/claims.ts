/** The claims of the presets at the paper's scale, read from claims.yaml beside this file. */

import { parseClaims } from "../../common/claims.ts";
import text from "./claims.yaml" with { type: "text" };

/** @throws {Failed} naming file, line and field of what is wrong. */
export const loadPaperClaims = () => parseClaims(text, "stages/losparse/paper/claims.yaml");
