// Low-rank factors of a network's maps as a file.

import type { NdArray } from "../tensor/mod.ts";
import { decode, encode, SafetensorsError } from "../tensor/safetensors.ts";
import type { LowRanks } from "./split.ts";

/** The factors as a safetensors file: PATH.left and PATH.right. */
export function encodeFactors(factors: LowRanks<NdArray>): Uint8Array<ArrayBuffer> {
  return encode(Object.fromEntries(
    Object.entries(factors).flatMap(([path, { left, right }]) => [
      [`${path}.left`, left],
      [`${path}.right`, right],
    ]),
  ));
}

/** @throws SafetensorsError when the file is damaged, or holds a factor without its other half. */
export function decodeFactors(bytes: Uint8Array): LowRanks<NdArray> {
  const arrays = decode(bytes, { file: "factors" });
  const paths = new Set(Object.keys(arrays).map((name) => name.replace(/\.(left|right)$/, "")));
  return Object.fromEntries(Array.from(paths, (path) => {
    const { [`${path}.left`]: left, [`${path}.right`]: right } = arrays;
    if (!left || !right) throw new SafetensorsError(`half of the factors of ${path} is missing`);
    return [path, { left, right }];
  }));
}
