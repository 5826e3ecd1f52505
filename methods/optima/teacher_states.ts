/** What the teacher says about every item: hidden states of the distilled layers and embeddings. */

import type { NdArray } from "../tensor/mod.ts";
import { decode, encode } from "../tensor/safetensors.ts";
import type { Dataset } from "./dataset.ts";
import type { Batch } from "./distillation.ts";
import { type Targets } from "./layerwise.ts";
import { MODULES } from "./modules.ts";

/** Inferred once, for the first caption of each of the N items. */
export interface TeacherStates {
  /** Hidden states of the layers that a student is matched to, `[N, S_m, d_T]` each. */
  readonly targets: Targets<NdArray>;
  /** Variance of each of these layers over the training items. */
  readonly variances: Targets<number>;
  /** Unit-length embeddings `[N, E_T]`. */
  readonly image: NdArray;
  readonly text: NdArray;
}

/** As one safetensors file. */
export function encodeStates(states: TeacherStates): Uint8Array {
  const arrays: Record<string, NdArray> = {
    "embedding.image": states.image,
    "embedding.text": states.text,
  };
  for (const module of MODULES) {
    states.targets[module].forEach((layer, i) => arrays[`${module}.${i}`] = layer);
    const variances = Float32Array.from(states.variances[module]);
    arrays[`variance.${module}`] = {
      dtype: "float32",
      shape: [variances.length],
      data: variances,
    };
  }
  return encode(arrays);
}

/** Reads what {@link encodeStates} wrote. */
export function decodeStates(bytes: Uint8Array): TeacherStates {
  const arrays = decode(bytes);
  const of = <T>(value: (module: typeof MODULES[number], layer: number) => T): Targets<T> => {
    const layers = (module: typeof MODULES[number]) =>
      Array.from({ length: arrays[`variance.${module}`].shape[0] }, (_, i) => value(module, i));
    return { image: layers("image"), text: layers("text"), multimodal: layers("multimodal") };
  };
  return {
    targets: of((module, layer) => arrays[`${module}.${layer}`]),
    variances: of((module, layer) => Number(arrays[`variance.${module}`].data[layer])),
    image: arrays["embedding.image"],
    text: arrays["embedding.text"],
  };
}

/** Rows of an array `[N, …]` as `[...lead, …]`. */
export function takeRows(
  array: NdArray,
  items: ArrayLike<number>,
  lead: readonly number[],
): NdArray {
  const row = array.shape.slice(1);
  const size = row.reduce((a, b) => a * b, 1);
  const from = array.data as Float32Array;
  const data = new Float32Array(items.length * size);
  for (let i = 0; i < items.length; i++) {
    data.set(from.subarray(items[i] * size, (items[i] + 1) * size), i * size);
  }
  return { dtype: "float32", shape: [...lead, ...row], data };
}

/** A batch of items, or several: `lead` is `[B]` or `[steps, B]`, its product `items.length`. */
export function gatherBatch(
  dataset: Dataset,
  states: TeacherStates,
  items: Int32Array,
  lead: readonly number[],
): Batch<NdArray> {
  const shaped = (array: NdArray): NdArray => ({
    ...array,
    shape: [...lead, ...array.shape.slice(1)],
  });
  const rows = (array: NdArray) => takeRows(array, items, lead);
  return {
    images: shaped(dataset.images(items)),
    tokens: shaped(dataset.tokens(items)),
    group: { dtype: "int32", shape: [...lead], data: items.map((item) => dataset.group[item]) },
    targets: {
      image: states.targets.image.map(rows),
      text: states.targets.text.map(rows),
      multimodal: states.targets.multimodal.map(rows),
    },
    teacherImage: rows(states.image),
    teacherText: rows(states.text),
  };
}
