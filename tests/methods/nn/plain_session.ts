// An exported model run by ONNX Runtime itself, by the names in the file, without our loader.

import * as ort from "onnxruntime-node";
import type { NdArray } from "../../../methods/tensor/mod.ts";

/** The only output of a model for token ids, int32. */
export async function runPlainly(onnx: Uint8Array, ids: NdArray): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(onnx);
  const [input] = session.inputNames, [output] = session.outputNames;
  const feeds = { [input]: new ort.Tensor("int32", ids.data as Int32Array, ids.shape) };
  const results = await session.run(feeds);
  await session.release();
  return results[output].data as Float32Array;
}
