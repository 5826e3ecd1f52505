/** Parameters on disk: each array of a layout under its path in one safetensors file. */

import type { Layout } from "../optim/mod.ts";
import type { NdArray } from "../tensor/mod.ts";
import { decode, encode } from "../tensor/safetensors.ts";

/** Named arrays of the parameter vector `[layout.size]`. */
export function encodeParameters(layout: Layout, flat: NdArray): Uint8Array {
  const data = flat.data as Float32Array;
  return encode(Object.fromEntries(layout.leaves.map(({ path, shape, start }, i) => {
    const end = layout.leaves[i + 1]?.start ?? layout.size;
    return [path, { dtype: "float32" as const, shape, data: data.slice(start, end) }];
  })));
}

/**
 * The parameter vector `[layout.size]` of a file.
 *
 * @throws RangeError when an array is missing or has another shape.
 */
export function decodeParameters(layout: Layout, bytes: Uint8Array): NdArray {
  const arrays = decode(bytes);
  const data = new Float32Array(layout.size);
  for (const { path, shape, start } of layout.leaves) {
    const array = arrays[path];
    if (!array || array.shape.join() !== shape.join()) {
      throw new RangeError(
        `Cannot read parameters: "${path}" should be [${shape.join(", ")}], it is ${
          array ? `[${array.shape.join(", ")}]` : "missing"
        }`,
      );
    }
    data.set(array.data as Float32Array, start);
  }
  return { dtype: "float32", shape: [layout.size], data };
}
