// Functions over the leaves of trees: parameters, gradients and optimiser states of one form.
import { TensorError } from "./types.ts";
import { isTensorLike, type TensorLike } from "./node.ts";
import { flatten, sameTree, unflatten } from "./tree.ts";

/**
 * A tree of the form of `tree` whose leaves are `f(leaf, path, …leaves of the others at that
 * place)`. Leaves are tensors, host arrays or numbers; paths read `blocks.0.mlp.up.w`.
 *
 * The result has the type of `tree`; where `f` makes leaves of another kind, name the type.
 * @throws TensorError `tree` naming the trees' leaves when another tree has another form
 */
export function treeMap<T, R = T>(
  f: (leaf: TensorLike, path: string, ...others: TensorLike[]) => unknown,
  tree: T,
  ...others: readonly unknown[]
): R {
  const first = flatten(tree, isTensorLike);
  const rest = others.map((other) => {
    const flat = flatten(other, isTensorLike);
    if (!sameTree(flat.tree, first.tree)) {
      throw new TensorError(
        "tree",
        `treeMap: a tree of leaves [${flat.paths}] does not match one of [${first.paths}]`,
      );
    }
    return flat.leaves;
  });
  return unflatten<R>(
    first.tree,
    first.leaves.map((leaf, i) => f(leaf, first.paths[i], ...rest.map((leaves) => leaves[i]))),
  );
}

/** The leaves of a tree with their paths, in the order of {@linkcode treeMap}. */
export function treeLeaves(tree: unknown): { path: string; leaf: TensorLike }[] {
  const { leaves, paths } = flatten(tree, isTensorLike);
  return leaves.map((leaf, i) => ({ path: paths[i], leaf }));
}
