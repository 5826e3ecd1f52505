// Updates in the form of a singular value decomposition beside frozen linear maps, and their groups.

import { abs, add, concat, mean, mul, type NdArray, type Tensor, zeros } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { linear, linearArrays, mapLinears, project, type Replaced } from "../nn/mod.ts";
import { entriesOf, type Groups, groupsByPath } from "../budget/mod.ts";

/**
 * ΔW = P Λ Q (AdaLoRA, arXiv 2303.10512, equation 3), laid out for x W with W [in, out]: triplet i is
 * column i of `q` (the paper's row i of Q), entry i of `lambda` and row i of `p` (column i of P).
 */
export type SvdAdapter<L = Tensor> = {
  /** [in, r] */
  q: L;
  /** [r] */
  lambda: L;
  /** [r, out] */
  p: L;
};

/** Adapters by the paths of the linear maps beside which they stand. */
export type SvdAdapters<L = Tensor> = { [path: string]: SvdAdapter<L> };

/** Which maps are adapted, and with how much. */
export interface AdapterOptions {
  /** r, at most of any single map: the initial rank of AdaLoRA. */
  rank: number;
  /** Which linear maps, by path. @default all */
  where?: (path: string) => boolean;
  /** Standard deviation of P and Q at the start. @default 0.02 */
  std?: number;
}

/** P and Q normal, Λ = 0, so that the network is unchanged; from children named by path. */
export function initSvdAdapters(
  stream: Stream,
  params: unknown,
  { rank, where, std = 0.02 }: AdapterOptions,
): SvdAdapters<NdArray> {
  const maps = Object.entries(linearArrays(params, where));
  return Object.fromEntries(maps.map(([path, { w: { shape: [inputs, outputs] } }]) => [path, {
    q: stream.child(path, "q").normal([inputs, rank], { std }),
    lambda: zeros([rank]),
    p: stream.child(path, "p").normal([rank, outputs], { std }),
  }]));
}

/**
 * α/(r + 10⁻⁵), the factor on ΔW in the authors' code and in PEFT. r is the initial rank, also after
 * pruning, so that AdaLoRA's factor is smaller than LoRA's at equal α and equal final budget.
 */
export function adapterScale(alpha: number, rank: number): number {
  return alpha / (rank + 1e-5);
}

/**
 * The parameter tree with adapters beside its maps: x W + b + scale·((x Q) Λ) P. The two thin products
 * are computed rather than W + ΔW, since a gradient through W + ΔW is that of the whole matrix,
 * which is what frozen weights are to save.
 */
export function withSvdAdapters<T>(params: T, adapters: SvdAdapters, scale: number): Replaced<T> {
  return mapLinears(params, (map, path) => {
    const adapter = adapters[path];
    if (!adapter) return map;
    const { q, lambda, p } = adapter;
    return (x) => add(linear(map, x), project(p, project(mul(q, mul(lambda, scale)), x)));
  });
}

/**
 * The triplets of all adapters, in the order of sorted paths. Their score is S = s(λ) + mean s(P) +
 * mean s(Q) (equation 9); the mask touches Λ alone, so that a triplet can return.
 */
export function tripletGroups(
  like: SvdAdapters<{ shape: readonly number[] }>,
): Groups<SvdAdapters> {
  return {
    entries: entriesOf(like),
    ...groupsByPath<SvdAdapter<{ shape: readonly number[] }>, SvdAdapter>(like, {
      count: ({ lambda }) => lambda.shape[0],
      pool: ({ q, lambda, p }) => add(lambda, add(mean(p, [1]), mean(q, [0]))),
      apply: ({ q, lambda, p }, mask) => ({ q, lambda: mul(lambda, mask), p }),
      size: ({ lambda }) => abs(lambda),
    }),
  };
}

/**
 * S = |λ|, the score of Table 4's last variant; for a ranking by `magnitude`. Pooled values of P and Q
 * do not count.
 */
export function singularValueGroups(
  like: SvdAdapters<{ shape: readonly number[] }>,
): Groups<SvdAdapters> {
  const paths = Object.keys(like).sort();
  return {
    ...tripletGroups(like),
    pool: (scores) => concat(paths.map((path) => scores[path].lambda)),
  };
}
