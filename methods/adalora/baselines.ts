// Other ways to fine-tune few parameters: bottleneck adapters and biases alone.

import { add, type NdArray, relu, type Tensor, treeLeaves, treeMap, zeros } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { linear, linearArrays, type LinearParams, mapLinears, type Replaced } from "../nn/mod.ts";

/** Two maps with a rectifier between: down [out, hidden], up [hidden, out]. */
export type BottleneckAdapter<L = Tensor> = { down: LinearParams<L>; up: LinearParams<L> };

/** Adapters by the paths of the linear maps behind which they stand. */
export type BottleneckAdapters<L = Tensor> = { [path: string]: BottleneckAdapter<L> };

/**
 * Behind which maps of a transformer block adapters stand. `houlsby`: behind attention and behind the
 * perceptron (Houlsby et al., arXiv 1902.00751). `pfeiffer`: behind the perceptron only, here before
 * the residual sum, where Pfeiffer et al. (arXiv 2005.00247) put them behind the layer norm after it.
 */
export const BOTTLENECK_PLACES = {
  houlsby: (path: string) => /(^|\.)(attention\.out|mlp\.down)$/.test(path),
  pfeiffer: (path: string) => /(^|\.)mlp\.down$/.test(path),
} as const;

/** `down` normal (0.02), `up` zero, so that the network is unchanged; from children named by path. */
export function initBottlenecks(
  stream: Stream,
  params: unknown,
  { hidden, where }: { hidden: number; where: (path: string) => boolean },
): BottleneckAdapters<NdArray> {
  const maps = Object.entries(linearArrays(params, where));
  return Object.fromEntries(maps.map(([path, { w: { shape: [, width] } }]) => [path, {
    down: {
      w: stream.child(path, "down").normal([width, hidden], { std: 0.02 }),
      b: zeros([hidden]),
    },
    up: { w: zeros([hidden, width]), b: zeros([width]) },
  }]));
}

/** The parameter tree with y + up(relu(down(y))) for the output y of each map that has an adapter. */
export function withBottlenecks<T>(params: T, adapters: BottleneckAdapters): Replaced<T> {
  return mapLinears(params, (map, path) => {
    const adapter = adapters[path];
    if (!adapter) return map;
    return (x) => {
      const y = linear(map, x);
      return add(y, linear(adapter.up, relu(linear(adapter.down, y))));
    };
  });
}

/** Arrays by their paths in a tree. */
export type Biases<L = Tensor> = { [path: string]: L };

const isBias = (path: string) => /(^|\.)(b|bias)$/.test(path);

/** The biases of linear maps and layer norms of a tree: what BitFit (arXiv 2106.10199) trains. */
export function biasesOf(params: unknown): Biases<NdArray> {
  const leaves = treeLeaves(params).filter(({ path }) => isBias(path));
  return Object.fromEntries(leaves.map(({ path, leaf }) => [path, leaf as NdArray]));
}

/** The tree with other biases, traced or on the host. */
export function withBiases<T>(params: T, biases: Biases<Tensor> | Biases<NdArray>): T {
  return treeMap<T>((leaf, path) => biases[path] ?? leaf, params);
}
