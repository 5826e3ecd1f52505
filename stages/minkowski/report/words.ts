/** Sections in words. */

import { markup } from "../../../methods/plot/mod.ts";
import type { ClaimsWords } from "../../common/claims_section.ts";

export const CLAIMS_WORDS: ClaimsWords = {
  families: {},
  introduction: markup``,
};
