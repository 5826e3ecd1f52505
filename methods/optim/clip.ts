// Clipping of gradients, trees or flat vectors, by their global norm or by value.

import {
  add,
  asTensor,
  clip,
  div,
  minimum,
  mul,
  sqrt,
  square,
  sum,
  type Tensor,
  TensorError,
  treeLeaves,
  treeMap,
} from "../tensor/mod.ts";

/** Euclidean norm of all elements of a tree of one dtype, e.g. a flat vector [N] → scalar. */
export function globalNorm(tree: unknown): Tensor {
  const squares = treeLeaves(tree).map(({ leaf }) => sum(square(leaf)));
  if (squares.length === 0) throw new TensorError("tree", "globalNorm: the tree has no leaves");
  return sqrt(squares.reduce((total, one) => add(total, one)));
}

/**
 * The factor min(1, max / (norm + 1e-6)) that {@link clipByGlobalNorm} multiplies by, as in
 * `torch.nn.utils.clip_grad_norm_`; scalar. Passed to an optimiser as `gradientScale` it saves a
 * pass over the gradients.
 */
export function clipFactor(tree: unknown, max: number): Tensor {
  return minimum(div(max, add(globalNorm(tree), 1e-6)), 1);
}

/**
 * A tree scaled down, if need be, to a Euclidean norm of at most `max`.
 *
 * @example
 * ```ts
 * import { add, compile, square, sum, type Tensor, valueAndGrad, zeros } from "../tensor/mod.ts";
 * import { clipByGlobalNorm } from "./mod.ts";
 *
 * type Params = { w: Tensor; b: Tensor };
 * const loss = ({ w, b }: Params) => add(sum(square(w)), sum(square(b)));
 * const program = compile(
 *   (params: Params) => clipByGlobalNorm(valueAndGrad(loss)(params)[1], 1),
 *   [{ w: zeros([4]), b: zeros([2]) }],
 * );
 * ```
 */
export function clipByGlobalNorm<P>(tree: P, max: number): P {
  const factor = clipFactor(tree, max);
  return treeMap<P>((leaf) => mul(leaf, factor), tree);
}

/** A tree with every element confined to [−limit, limit], as `torch.nn.utils.clip_grad_value_`. */
export function clipByValue<P>(tree: P, limit: number): P {
  return treeMap<P>((leaf) => clip(asTensor(leaf), -limit, limit), tree);
}
