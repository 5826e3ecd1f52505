/** The numbers that the AdaLoRA paper prints, read from published.yaml. */

import { parsePublished, type Published } from "../common/published/schema.ts";
import text from "./published.yaml" with { type: "text" };

/** @throws ZodError for a file that does not follow the schema. */
export const loadPublished = (): Published => parsePublished(text);
