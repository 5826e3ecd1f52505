// Replicates side by side: trees of host arrays with a leading axis, for programs mapped over seeds.

import { type NdArray, treeMap } from "../tensor/mod.ts";

/** Trees of one form as one whose leaves have a leading axis. */
export function stackTrees<T>(trees: readonly [T, ...T[]]): T {
  const [first, ...others] = trees;
  return treeMap<T>(
    (leaf, _, ...rest) => {
      const arrays = [leaf, ...rest] as NdArray[];
      const { dtype, shape, data } = arrays[0];
      const all = new (data.constructor as Float32ArrayConstructor)(arrays.length * data.length);
      arrays.forEach((array, i) => all.set(array.data as Float32Array, i * data.length));
      return { dtype, shape: [arrays.length, ...shape], data: all };
    },
    first,
    ...others,
  );
}

/** Replicate i of a tree whose leaves have a leading axis. */
export function replicateOf<T>(tree: T, i: number): T {
  return treeMap<T>((leaf) => {
    const { dtype, shape, data } = leaf as NdArray;
    const size = data.length / shape[0];
    return { dtype, shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) };
  }, tree);
}
