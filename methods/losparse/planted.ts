// Small residual networks whose weights do, or do not, have the structure that LoSparse supposes.

import { add, fromNumbers, type NdArray, relu, type Tensor } from "../tensor/mod.ts";
import { type Stream, stream } from "../tensor/random.ts";
import { initZeros, type Linear, linear, type LinearParams, orthogonal } from "../nn/mod.ts";

/**
 * Structures of weights, all of one size. `planted`: a coherent part of low rank and some strong output
 * neurons. `power_law`: singular values proportional to 1/k, no strong neurons. `gaussian`: independent
 * entries.
 */
export const STRUCTURES = ["planted", "power_law", "gaussian"] as const;
export type Structure = typeof STRUCTURES[number];

/** Sizes of a network and of its data. */
export interface PlantedSizes {
  /** d, width of the residual stream. */
  width: number;
  hidden: number;
  blocks: number;
  /** Rank of the coherent part. */
  coherentRank: number;
  /** Share of output neurons that are strong. */
  strongShare: number;
  /** Standard deviation of the target's weights about the network's, relative to their size. */
  shift: number;
  /** Standard deviation of the labels' noise, relative to the target's. */
  noise: number;
  train: number;
  test: number;
}

/** x ← x + W₂ relu(W₁ x), block after block. */
export type ResidualNet<M = LinearParams> = { blocks: { up: M; down: M }[] };

/** One replicate. */
export interface PlantedTask {
  net: ResidualNet<LinearParams<NdArray>>;
  /** Inputs [train, d] and noisy labels. */
  x: NdArray;
  y: NdArray;
  /** Inputs [test, d], labels without noise, and the variance of what the blocks add to the inputs. */
  testX: NdArray;
  testY: NdArray;
  variance: number;
}

/** Shares of the squared norm in `planted`: coherent, strong neurons; the rest is noise. */
const COHERENT = 0.55, STRONG = 0.4;

const squared = (x: ArrayLike<number>) => Array.from(x).reduce((sum, v) => sum + v * v, 0);

/** Entries scaled to a squared norm. */
function sized(values: ArrayLike<number>, norm2: number): Float64Array {
  const factor = Math.sqrt(norm2 / squared(values));
  return Float64Array.from(values, (x) => x * factor);
}

/** a diag(scales) b, row-major; a [m, k], b [k, n]. */
function product(a: NdArray, b: NdArray, scales: readonly number[]): Float64Array {
  const [m, k] = a.shape, [, n] = b.shape;
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let r = 0; r < k; r++) {
      const factor = Number(a.data[i * k + r]) * scales[r];
      for (let j = 0; j < n; j++) out[i * n + j] += factor * Number(b.data[r * n + j]);
    }
  }
  return out;
}

/** A weight [in, out] of squared norm `out`, so that outputs are about as large as inputs. */
export function structuredWeight(
  s: Stream,
  structure: Structure,
  [inputs, outputs]: readonly [number, number],
  { coherentRank, strongShare }: Pick<PlantedSizes, "coherentRank" | "strongShare">,
): NdArray {
  const shape = [inputs, outputs], normal = (name: string) => s.child(name).normal(shape);
  const weight = (values: ArrayLike<number>) => fromNumbers(sized(values, outputs), shape);
  if (structure === "gaussian") return weight(normal("entries").data as Float32Array);
  if (structure === "power_law") {
    const k = Math.min(inputs, outputs);
    const left = orthogonal(s.child("left"), [inputs, k]);
    const right = orthogonal(s.child("right"), [k, outputs]);
    return weight(product(left, right, Array.from({ length: k }, (_, i) => 1 / (i + 1))));
  }
  const left = s.child("left").normal([inputs, coherentRank]);
  const right = s.child("right").normal([coherentRank, outputs]);
  const coherent = sized(product(left, right, new Array(coherentRank).fill(1)), COHERENT);
  const strong = new Set(s.child("strong").choice(outputs, Math.round(strongShare * outputs)));
  const rows = sized(
    Array.from(normal("rows").data as Float32Array, (x, k) => strong.has(k % outputs) ? x : 0),
    STRONG,
  );
  const rest = sized(normal("entries").data as Float32Array, 1 - COHERENT - STRONG);
  return weight(rest.map((x, k) => x + coherent[k] + rows[k]));
}

/** The network on rows [n, d]. */
export function residualNet({ blocks }: ResidualNet<Linear>, x: Tensor): Tensor {
  return blocks.reduce((h, { up, down }) => add(h, linear(down, relu(linear(up, h)))), x);
}

/** The same on the host, for labels. */
function forward({ blocks }: ResidualNet<LinearParams<NdArray>>, x: NdArray): Float64Array {
  const [rows, width] = x.shape;
  const h = Float64Array.from(x.data as Float32Array);
  for (const { up, down } of blocks) {
    const state = fromNumbers(h, [rows, width], "float64");
    const ones = (k: number) => new Array<number>(k).fill(1);
    const hidden = product(state, up.w, ones(width)).map((v) => Math.max(0, v));
    const size = up.w.shape[1];
    product(fromNumbers(hidden, [rows, size], "float64"), down.w, ones(size))
      .forEach((v, i) => h[i] += v);
  }
  return h;
}

/** A network, and data of a target whose weights are the network's, moved a little. */
export function plantedTask(seed: number, structure: Structure, sizes: PlantedSizes): PlantedTask {
  const root = stream(seed, "losparse", structure);
  const { width, hidden, train, test } = sizes;
  const map = (s: Stream, shape: readonly [number, number], moved: boolean) => {
    const w = structuredWeight(s, structure, shape, sizes);
    if (!moved) return { w, b: initZeros([shape[1]]) };
    const shift = s.child("shift").normal(shape, { std: sizes.shift / Math.sqrt(shape[0]) });
    const values = Float32Array.from(w.data as Float32Array, (x, k) => x + Number(shift.data[k]));
    return { w: fromNumbers(values, shape), b: initZeros([shape[1]]) };
  };
  const network = (moved: boolean) => ({
    blocks: Array.from({ length: sizes.blocks }, (_, i) => ({
      up: map(root.child(i, "up"), [width, hidden], moved),
      down: map(root.child(i, "down"), [hidden, width], moved),
    })),
  });
  const target = network(true);
  const x = root.child("train").normal([train, width]);
  const testX = root.child("test").normal([test, width]);
  const clean = forward(target, x), testY = forward(target, testX);
  const spread = (y: Float64Array, x: NdArray) =>
    y.reduce((sum, v, k) => sum + (v - Number(x.data[k])) ** 2, 0) / y.length;
  const noise = root.child("noise").normal([train, width], {
    std: sizes.noise * Math.sqrt(spread(clean, x)),
  });
  return {
    net: network(false),
    x,
    y: fromNumbers(clean.map((v, k) => v + Number(noise.data[k])), [train, width]),
    testX,
    testY: fromNumbers(testY, [test, width]),
    variance: spread(testY, testX),
  };
}
