// How a tree of parameters lies in one flat vector: packing on the host, unpacking in programs.

import {
  type NdArray,
  reshape,
  type Spec,
  split,
  type Tensor,
  TensorError,
  type Tree,
  zeros,
} from "../tensor/mod.ts";
import { sameShape } from "../tensor/shape.ts";

/** A tree's place in a flat vector; leaves in order, record keys sorted (the order of `ravel`). */
export interface Layout {
  /** N, elements in all. */
  readonly size: number;
  /** Each leaf's path, shape, and first element. */
  readonly leaves: readonly { path: string; shape: readonly number[]; start: number }[];
  /** A tree of arrays of this form and dtype as one vector [N]. */
  pack(tree: Tree<NdArray>): NdArray;
  /** The arrays of a vector [N], copied; the caller names the tree's type. */
  unpack<P>(flat: NdArray): P;
  /** The tensors of a traced vector [N]; differentiable. The caller names the tree's type. */
  unpackTraced<P>(flat: Tensor): P;
}

const isLeaf = (node: unknown): node is Spec =>
  typeof node === "object" && node !== null && "dtype" in node && "shape" in node;

const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

/** Rebuilds a tree with `make` applied to each leaf, in order. */
function mapLeaves<R>(tree: unknown, make: (leaf: Spec, path: string) => R, path = ""): unknown {
  if (isLeaf(tree)) return make(tree, path);
  const at = (key: string | number) => path === "" ? `${key}` : `${path}.${key}`;
  if (Array.isArray(tree)) return tree.map((node, i) => mapLeaves(node, make, at(i)));
  if (typeof tree !== "object" || tree === null) {
    const what = path === "" ? "the tree" : `"${path}"`;
    throw new TensorError("tree", `layoutOf: ${what} is ${String(tree)}, not an array or its spec`);
  }
  const record = tree as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(record).sort().map((key) => [key, mapLeaves(record[key], make, at(key))]),
  );
}

/**
 * The layout of a tree of arrays, all float32 or all float64, or of their specs.
 *
 * @throws TensorError `dtype` for others; its methods throw `shape`, `dtype` or `tree` for what does not
 *   fit it, naming the leaf.
 */
export function layoutOf(like: Tree<Spec>): Layout {
  const leaves: { path: string; shape: readonly number[]; start: number }[] = [];
  let size = 0, common: Spec["dtype"] = "float32";
  mapLeaves(like, ({ shape, dtype }, path) => {
    if (leaves.length === 0 && dtype === "float64") common = dtype;
    if (dtype !== common) {
      throw new TensorError(
        "dtype",
        `layoutOf: parameter ${path} is ${dtype}; this flat vector holds ${common} only`,
      );
    }
    leaves.push({ path, shape, start: size });
    size += sizeOf(shape);
  });
  const check = (flat: Spec) => {
    if (flat.shape.length !== 1 || flat.shape[0] !== size) {
      throw new TensorError(
        "shape",
        `layoutOf: a vector of shape [${flat.shape.join(", ")}] does not hold ${size} parameters`,
      );
    }
  };
  return {
    size,
    leaves,
    pack(tree) {
      const flat = zeros([size], common);
      let index = 0;
      mapLeaves(tree, (leaf, path) => {
        const place = leaves[index++];
        if (place?.path !== path || !sameShape(place.shape, leaf.shape)) {
          throw new TensorError(
            "tree",
            `pack: parameter ${path} [${leaf.shape.join(", ")}] does not match the layout's ${
              place === undefined ? "end" : `${place.path} [${place.shape.join(", ")}]`
            }`,
          );
        }
        if (leaf.dtype !== common) {
          throw new TensorError(
            "dtype",
            `pack: parameter ${path} is ${leaf.dtype}; the layout holds ${common}`,
          );
        }
        (flat.data as Float32Array).set((leaf as NdArray).data as Float32Array, place.start);
      });
      if (index !== leaves.length) {
        throw new TensorError("tree", `pack: parameter ${leaves[index].path} is missing`);
      }
      return flat;
    },
    unpack<P>(flat: NdArray): P {
      check(flat);
      let index = 0;
      return mapLeaves(like, () => {
        const { shape, start } = leaves[index++];
        const data = (flat.data as Float32Array).slice(start, start + sizeOf(shape));
        return { dtype: common, shape: [...shape], data };
      }) as P;
    },
    unpackTraced<P>(flat: Tensor): P {
      check(flat);
      const parts = split(flat, leaves.map(({ shape }) => sizeOf(shape)), 0);
      let index = 0;
      return mapLeaves(like, () => reshape(parts[index], leaves[index++].shape)) as P;
    },
  };
}
