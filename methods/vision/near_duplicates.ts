/** Finds pictures that are almost the same, so that they can be kept on one side of a split. */

/**
 * Pairs of pictures whose root-mean-square difference is below a threshold. Exact: a coarse version
 * of the pictures only rules pairs out, since block means never differ more than the pixels do.
 *
 * @param pictures Pixel values 0-255 of pictures of one shape `[channels, size, size]`.
 * @param shape.channels Planes of each picture.
 * @param shape.size Width and height in pixels.
 * @param threshold Root mean square over all values, in pixel units; 0 finds nothing.
 * @returns Index pairs `[i, j]`, `i < j`, in order.
 */
export function nearDuplicates(
  pictures: readonly Uint8Array[],
  shape: { readonly channels: number; readonly size: number },
  threshold: number,
): [number, number][] {
  const cell = [8, 4, 2].find((c) => shape.size % c === 0) ?? 1;
  const coarse = pictures.map((picture) => blockMeans(picture, shape, cell));
  const pairs: [number, number][] = [];
  for (let i = 0; i < pictures.length; i++) {
    for (let j = i + 1; j < pictures.length; j++) {
      // The coarse limit is a hair wider, so that rounding of the means never rules out a true pair.
      if (
        isNear(coarse[i], coarse[j], threshold + 1e-3) &&
        isNear(pictures[i], pictures[j], threshold)
      ) pairs.push([i, j]);
    }
  }
  return pairs;
}

type Values = Uint8Array | Float32Array;

function isNear(a: Values, b: Values, threshold: number): boolean {
  const limit = threshold * threshold * a.length;
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    const difference = a[k] - b[k];
    sum += difference * difference;
    if (sum >= limit) return false;
  }
  return sum < limit;
}

function blockMeans(
  picture: Uint8Array,
  { channels, size }: { readonly channels: number; readonly size: number },
  cell: number,
): Float32Array {
  const blocks = size / cell;
  const means = new Float32Array(channels * blocks * blocks);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size; y++) {
      const row = (c * blocks + Math.floor(y / cell)) * blocks;
      for (let x = 0; x < size; x++) {
        means[row + Math.floor(x / cell)] += picture[(c * size + y) * size + x] / (cell * cell);
      }
    }
  }
  return means;
}

/** Sets that only ever grow together (union–find with path halving; the smallest member is the name). */
export class DisjointSets {
  readonly #parent: Int32Array;

  /** `count` sets of one member each: 0 … count−1. */
  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The smallest member of the set of `i`. */
  find(i: number): number {
    const parent = this.#parent;
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  }

  /** Makes one set of the sets of `i` and `j`. */
  unite(i: number, j: number): void {
    const a = this.find(i);
    const b = this.find(j);
    this.#parent[Math.max(a, b)] = Math.min(a, b);
  }
}
