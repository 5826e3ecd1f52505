/** Kinds of the artifacts of the study on text. */

import { file, tree } from "../../../pipeline/declare/artifact.ts";

/** Low-rank factors of an encoder's maps; see methods/losparse/factors_file.ts. */
export const factorsKind = file("losparse-factors", ".safetensors");
/** Models as ONNX: `METHOD-BATCHxTOKENS.onnx`. */
export const modelsKind = tree("onnx-models");
