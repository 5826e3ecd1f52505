/** Kinds of the artifacts of the study on text. */

import { file } from "../../../pipeline/declare/artifact.ts";

/** Low-rank factors of an encoder's maps; see methods/losparse/factors_file.ts. */
export const factorsKind = file("losparse-factors", ".safetensors");
