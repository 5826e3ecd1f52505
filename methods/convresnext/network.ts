// ConvResNeXt (sec. 2): N residual blocks of M parallel paths of L one-sided convolutions; ConvResNet is M = 1.

import {
  add,
  concat,
  constant,
  matmul,
  mul,
  ndarray,
  ones,
  pad,
  relu,
  reshape,
  split,
  squeeze,
  sum,
  type Tensor,
  transpose,
  zeros,
} from "../tensor/mod.ts";
import type { NdArray } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { bandedMatrices, convolveTiles, tilingOf, toTiles } from "./one_sided_convolution.ts";

/** Sizes of a ConvResNeXt, by the paper's letters. */
export interface Architecture {
  /** D, the ambient dimension: positions of the sequence. */
  readonly D: number;
  /** w, channels; at least 2, as one holds x and one the constant 1. */
  readonly w: number;
  /** L, convolutions of a path. */
  readonly L: number;
  /** K, taps of a convolution. */
  readonly K: number;
  /** M, parallel paths of a block. */
  readonly M: number;
  /** N, residual blocks. */
  readonly N: number;
}

/** Weights: kernels [N, L, M, w_in, w_out, K], read-out W_out [D, w]. */
export type Parameters<T = Tensor> = { readonly kernels: T; readonly out: T };

/** Weights in the convolutions of all paths. */
export function convolutionWeights({ w, L, K, M, N }: Architecture): number {
  return N * L * M * w * w * K;
}

/**
 * Initial weights: He's normal for the convolutions, the last of a path divided by √(2 M N), so that the
 * sum of all paths starts at one scale however many there are and however they are arranged.
 */
export function initialParameters(
  { D, w, L, K, M, N }: Architecture,
  random: Stream,
): Parameters<NdArray> {
  const kernels = random.child("kernels").normal([N, L, M, w, w, K], {
    std: Math.sqrt(2 / (w * K)),
  });
  const layer = M * w * w * K;
  for (let n = 0; n < N; n++) {
    const last = (n * L + L - 1) * layer;
    for (let i = last; i < last + layer; i++) {
      (kernels.data as Float32Array)[i] /= Math.sqrt(2 * M * N);
    }
  }
  return { kernels, out: random.child("out").normal([D, w], { std: 1 / Math.sqrt(D * w) }) };
}

/** Trees of replicates as one tree of stacked arrays, a leading axis of replicates. */
export function stackParameters(all: readonly Parameters<NdArray>[]): Parameters<NdArray> {
  const stacked = (arrays: readonly NdArray[]): NdArray => {
    const out = zeros([arrays.length, ...arrays[0].shape]), size = arrays[0].data.length;
    arrays.forEach((a, i) => (out.data as Float32Array).set(a.data as Float32Array, i * size));
    return out;
  };
  return { kernels: stacked(all.map((p) => p.kernels)), out: stacked(all.map((p) => p.out)) };
}

/** The inverse of {@link stackParameters}. */
export function unstackParameters({ kernels, out }: Parameters<NdArray>): Parameters<NdArray>[] {
  const part = ({ data, shape: [count, ...shape] }: NdArray, r: number): NdArray => {
    const size = data.length / count;
    return ndarray((data as Float32Array).slice(r * size, (r + 1) * size), shape);
  };
  return Array.from(
    { length: kernels.shape[0] },
    (_, r) => ({ kernels: part(kernels, r), out: part(out, r) }),
  );
}

/**
 * f(x) = W_out · (Σ_m f_{N,m} + id) ∘ … ∘ (Σ_m f_{1,m} + id) ∘ P(x), x [n, D] → [n].
 *
 * P puts x into channel 0 and zeros into the others, but ones into channel 1: the constant that
 * emulates biases. A path is L convolutions with ReLU between; none follows the last.
 * @param gate factor on the output of each path [N, M], for deletions; all ones when left out
 */
export function convResNeXt(
  a: Architecture,
  { kernels, out }: Parameters,
  x: Tensor,
  gate?: Tensor,
): Tensor {
  const { D, w, L, K, M, N } = a, n = x.shape[0];
  const tiling = tilingOf(D, K), { tile, tiles } = tiling;
  const one = toTiles(constant(ones([n, D], x.dtype)), tiling);
  let z = pad(concat([toTiles(x, tiling), one], 2), [[0, 0], [0, 0], [0, (w - 2) * tile]]);
  const matrices = bandedMatrices(reshape(kernels, [N * L * M, w, w, K]), tiling);
  const [, rows, columns] = matrices.shape;
  const layers = split(reshape(matrices, [N * L, M, rows, columns]), Array(N * L).fill(1));
  for (let block = 0; block < N; block++) {
    let paths = z;
    for (let l = 0; l < L; l++) {
      paths = convolveTiles(paths, squeeze(layers[block * L + l], 0));
      if (l < L - 1) paths = relu(paths);
    }
    if (gate) paths = mul(paths, reshape(split(gate, Array(N).fill(1))[block], [M, 1, 1, 1]));
    z = add(z, sum(paths, 0));
  }
  const columnsOfOut = toTiles(transpose(out), tiling); // [w, tiles, tile]
  const readOut = reshape(transpose(columnsOfOut, [1, 0, 2]), [tiles * w * tile, 1]);
  return reshape(matmul(reshape(z, [n, tiles * w * tile]), readOut), [n]);
}
