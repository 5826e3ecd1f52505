// The paper's convolution (sec. 2): one-sided, stride 1, computed as products with banded matrices.

import {
  concat,
  type DType,
  matmul,
  type NdArray,
  pad,
  reshape,
  slice,
  type Tensor,
  transpose,
  zeros,
} from "../tensor/mod.ts";

/**
 * How a sequence of positions is cut: into `tiles` of `tile` positions each.
 *
 * A kernel of 8 channels by 8 is too small for a matrix product to be fast. So the outputs of one tile
 * are made at once: they are a product of that tile and the next with one banded matrix that all
 * tiles share. More than half of its entries are zeros, multiplied for nothing, and still a step of
 * training takes an eighth (3 positions) to a half (32) of the time that grouped `conv1d` takes.
 */
export interface Tiling {
  readonly tile: number;
  readonly tiles: number;
}

/** The tiling of `positions` for kernels of `kernel` taps: one tile if that is short, else tiles of 8. */
export function tilingOf(positions: number, kernel: number): Tiling {
  const tile = Math.max(8, kernel - 1);
  return positions <= tile
    ? { tile: positions, tiles: 1 }
    : { tile, tiles: Math.ceil(positions / tile) };
}

/** Tiles that outputs of one tile read. */
const reach = ({ tiles }: Tiling): number => tiles === 1 ? 1 : 2;

/** 1 where tap k leads from position p of the tiles read to position p − k: [K, reach·tile·tile]. */
function band(tiling: Tiling, taps: number, dtype: DType): NdArray {
  const { tile } = tiling, positions = reach(tiling) * tile;
  const ones = zeros([taps, positions * tile], dtype);
  for (let k = 0; k < taps; k++) {
    for (let to = 0; to < tile && to + k < positions; to++) {
      ones.data[(k * positions + to + k) * tile + to] = 1;
    }
  }
  return ones;
}

/**
 * Kernels [g, w_in, w_out, K] as banded matrices [g, reach·w_in·tile, w_out·tile]: row (r, l, p),
 * column (j, i) holds W_{j,k,l} of the paper, k = r·tile + p − i, where 0 ≤ k < K, else 0.
 */
export function bandedMatrices(kernels: Tensor, tiling: Tiling): Tensor {
  const [g, from, to, taps] = kernels.shape, { tile } = tiling, reached = reach(tiling);
  const taken = matmul(
    reshape(kernels, [g * from * to, taps]),
    band(tiling, taps, kernels.dtype),
  );
  const apart = reshape(taken, [g, from, to, reached, tile, tile]);
  return reshape(transpose(apart, [0, 3, 1, 4, 2, 5]), [g, reached * from * tile, to * tile]);
}

/** Sequences [n, positions] as tiles [n, tiles, tile]; zeros fill the last. */
export function toTiles(x: Tensor, { tile, tiles }: Tiling): Tensor {
  const [n, positions] = x.shape;
  return reshape(pad(x, [[0, 0], [0, tile * tiles - positions]]), [n, tiles, tile]);
}

/**
 * Convolves tiles z [..., n, tiles, w_in·tile], channels before positions, with banded matrices
 * [..., reach·w_in·tile, w_out·tile] → [..., n, tiles, w_out·tile]; leading axes broadcast. Beyond the
 * last tile there are zeros (one-sided padding); positions beyond D read only such, and stay zero.
 */
export function convolveTiles(z: Tensor, matrices: Tensor): Tensor {
  const lead = z.shape.slice(0, -3), [n, tiles] = z.shape.slice(-3);
  const rows = reshape(tiles === 1 ? z : besideNext(z), [...lead, n * tiles, -1]);
  const y = matmul(rows, matrices);
  return reshape(y, [...y.shape.slice(0, -2), n, tiles, y.shape.at(-1)!]);
}

/** Each tile joined with the next: [..., tiles, size] → [..., tiles, 2·size]. */
function besideNext(z: Tensor): Tensor {
  const rank = z.shape.length, axis = rank - 2;
  const starts = z.shape.map((_, i) => i === axis ? 1 : 0);
  const after = z.shape.map((_, i) => [0, i === axis ? 1 : 0]);
  return concat([z, pad(slice(z, starts, z.shape), after)], rank - 1);
}

/**
 * The paper's convolution of z [n, D, w_in] with kernels [w_in, w_out, K]:
 * y_{i,j} = Σ_{k<K, l} W_{j,k,l} z_{i+k,l} (indices from 0), zero beyond D → [n, D, w_out].
 */
export function oneSidedConvolution(z: Tensor, kernels: Tensor): Tensor {
  const [n, positions, from] = z.shape, [, to, taps] = kernels.shape;
  const tiling = tilingOf(positions, taps), { tile, tiles } = tiling;
  const channels = reshape(transpose(z, [0, 2, 1]), [n * from, positions]);
  const cut = transpose(reshape(toTiles(channels, tiling), [n, from, tiles, tile]), [0, 2, 1, 3]);
  const y = convolveTiles(
    reshape(cut, [n, tiles, from * tile]),
    reshape(bandedMatrices(reshape(kernels, [1, from, to, taps]), tiling), [-1, to * tile]),
  );
  const joined = transpose(reshape(y, [n, tiles, to, tile]), [0, 1, 3, 2]);
  return slice(reshape(joined, [n, tiles * tile, to]), [0, 0], [n, positions]);
}
