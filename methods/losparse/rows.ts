// Rows of the residuals as groups to prune: one output neuron each, costing its number of entries.

import { abs, mean, mul, type NdArray, reduceMax, type Spec, type Tensor } from "../tensor/mod.ts";
import { type Linear, linearPaths, mapLinears } from "../nn/mod.ts";
import { type Groups, groupsByPath } from "../budget/mod.ts";

/** Weights S [in, out] by the paths of their maps. */
export type Residuals<L = Tensor> = { [path: string]: L };

/**
 * The output neurons of some weights, in the order of sorted paths. LoSparse's code prunes rows of
 * torch's [out, in], which are columns of [in, out] here. A row's score is the mean over its entries,
 * and it costs as many units as it has entries, since the code ranks all entries together, each with
 * its row's score.
 */
export function rowGroups(
  like: Residuals<Spec>,
): Groups<Residuals> & { readonly sizes: readonly number[] } {
  const sizes = Object.keys(like).sort().flatMap((path) => {
    const [inputs, outputs] = like[path].shape;
    return new Array<number>(outputs).fill(inputs);
  });
  return {
    sizes,
    entries: sizes.reduce((a, b) => a + b, 0),
    ...groupsByPath<Spec, Tensor>(like, {
      count: ({ shape }) => shape[1],
      pool: (scores) => mean(scores, [0]),
      apply: (weights, mask) => mul(weights, mask),
      size: (weights) => reduceMax(abs(weights), [0]),
    }),
  };
}

/** The weights at some paths of a tree of linear maps, traced or on the host. */
export function residualsOf<L>(params: unknown, paths: readonly string[]): Residuals<L> {
  const found: Residuals<L> = {};
  mapLinears(params, (map, path) => {
    if (paths.includes(path)) found[path] = map.w as unknown as L;
    return map;
  });
  const missing = paths.find((path) => !(path in found));
  if (missing !== undefined) {
    throw new RangeError(
      `no linear map at ${missing}; there are ${linearPaths(params).join(", ")}`,
    );
  }
  return found;
}

/** The tree with other weights at the paths given, traced or on the host. */
export function withResiduals<P>(params: P, residuals: Residuals | Residuals<NdArray>): P {
  return mapLinears(params, (map, path) => {
    if (!(path in residuals)) return map;
    return { w: residuals[path], b: map.b } as Linear;
  }) as P;
}
