// The linear maps of a parameter tree of host arrays: read by path, and put back changed.

import { type NdArray, TensorError } from "../tensor/mod.ts";
import { linearPaths, mapLinears } from "./map_linears.ts";
import type { Linear, LinearParams } from "./layers.ts";

/** Linear maps of host arrays by their paths, such as `blocks.0.attention.query`. */
export type LinearArrays = { [path: string]: LinearParams<NdArray> };

/**
 * The linear maps of a tree, all or those chosen.
 *
 * @throws TensorError `argument` when none is chosen.
 */
export function linearArrays(
  params: unknown,
  where: (path: string) => boolean = () => true,
): LinearArrays {
  const chosen: LinearArrays = {};
  mapLinears(params, (map, path) => {
    if (where(path)) chosen[path] = map as unknown as LinearParams<NdArray>;
    return map;
  });
  if (Object.keys(chosen).length === 0) {
    throw new TensorError(
      "argument",
      `linearArrays: no linear map of the tree is chosen; there are ${
        linearPaths(params).slice(0, 8).join(", ") || "none"
      }`,
    );
  }
  return chosen;
}

/** The tree with other arrays in the place of the maps at the given paths. */
export function withLinearArrays<P>(params: P, arrays: LinearArrays): P {
  return mapLinears(params, (map, path) => (arrays[path] ?? map) as unknown as Linear) as P;
}
