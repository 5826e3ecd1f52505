// Groups of a flat tree whose leaves are cut alike: what is done to one leaf, for all in the order of their paths.

import { concat, greater, split, type Tensor } from "../tensor/mod.ts";
import type { Groups } from "./pruner.ts";

/** How the groups of one leaf are handled. */
export interface LeafGroups<Shapes, Leaf> {
  /** n, groups of a leaf. */
  count(shapes: Shapes): number;
  /** Their scores [n] from scores of entries. */
  pool(scores: Leaf): Tensor;
  /** The leaf with groups of mask 0 zeroed; `mask` [n]. */
  apply(leaf: Leaf, mask: Tensor): Leaf;
  /** A number [n] that is positive where a group has an entry that is not 0. */
  size(leaf: Leaf): Tensor;
}

/** The groups of all leaves; `entries` is the caller's to count. */
export function groupsByPath<Shapes, Leaf>(
  like: { readonly [path: string]: Shapes },
  leaf: LeafGroups<Shapes, Leaf>,
): Omit<Groups<{ [path: string]: Leaf }>, "entries"> {
  const paths = Object.keys(like).sort();
  const counts = paths.map((path) => leaf.count(like[path]));
  const all = (tree: { [path: string]: Leaf }, f: (leaf: Leaf) => Tensor) =>
    concat(paths.map((path) => f(tree[path])));
  return {
    count: counts.reduce((a, b) => a + b, 0),
    pool: (scores) => all(scores, leaf.pool),
    apply(tree, mask) {
      const masks = split(mask, counts);
      return Object.fromEntries(paths.map((path, i) => [path, leaf.apply(tree[path], masks[i])]));
    },
    alive: (tree) => greater(all(tree, leaf.size), 0),
  };
}

/** Entries of all arrays of a flat tree. */
export function entriesOf(
  like: { readonly [path: string]: { readonly [name: string]: { shape: readonly number[] } } },
): number {
  return Object.values(like).flatMap((arrays) => Object.values(arrays))
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
