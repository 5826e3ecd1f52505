// Trees of parameters as one flat vector, so that an optimiser costs the same for any number of leaves.
import { describe, TensorError } from "./types.ts";
import { asTensor, isTensorLike, type Tensor, type TensorLike } from "./node.ts";
import { sizeOf } from "./ndarray.ts";
import { flatten, unflatten } from "./tree.ts";
import { reshape } from "./ops/structure.ts";
import { concat, split } from "./ops/slicing.ts";

/** A flat vector and the way back. */
export interface Raveled<T> {
  /** All elements [n], leaves in sorted key order, each row-major. */
  readonly flat: Tensor;
  /** The tree of any vector [n] of the same dtype. */
  readonly unravel: (flat: TensorLike) => T;
}

/**
 * Concatenates the leaves of a tree of one dtype into a vector.
 * @throws TensorError `dtype` when leaves differ in dtype; `tree` when there are none
 */
export function ravel<T>(tree: T): Raveled<T> {
  const { leaves, paths, tree: form } = flatten(tree, isTensorLike);
  const tensors = leaves.map((x) => asTensor(x));
  if (tensors.length === 0) throw new TensorError("tree", "ravel: the tree has no leaves");
  const odd = tensors.findIndex((t) => t.dtype !== tensors[0].dtype);
  if (odd >= 0) {
    throw new TensorError(
      "dtype",
      `ravel: "${paths[odd]}" is ${describe(tensors[odd])}, "${paths[0]}" is ${
        describe(tensors[0])
      }; all leaves must have one dtype`,
    );
  }
  const sizes = tensors.map((t) => sizeOf(t.shape));
  const flat = concat(tensors.map((t) => reshape(t, [-1])));
  const unravel = (vector: TensorLike): T => {
    const parts = split(asTensor(vector), sizes);
    return unflatten<T>(form, parts.map((part, i) => reshape(part, tensors[i].shape)));
  };
  return { flat, unravel };
}
