// Small frozen networks, and targets whose weights differ from theirs by updates of low rank.

import { add, fromNumbers, type NdArray, relu, type Tensor } from "../tensor/mod.ts";
import { type Stream, stream } from "../tensor/random.ts";
import { initZeros, type Linear, linear, type LinearParams } from "../nn/mod.ts";

/**
 * Where the target differs. `concentrated`: by updates of rank 4 in a quarter of the maps. `uniform`: by
 * updates of rank 1 in all. Both have as many ranks and the same squared norm in all.
 */
export const NEEDS = ["concentrated", "uniform"] as const;
export type Need = typeof NEEDS[number];

/** Sizes of a network and of its data. */
export interface AdaptationSizes {
  /** d, of the residual stream and of hidden layers. */
  width: number;
  /** Blocks of two maps; an even number, so that a quarter of the maps is a whole number. */
  blocks: number;
  /** Norm of all updates over that of all weights. */
  update: number;
  train: number;
  test: number;
}

/** x ← x + W₂ relu(W₁ x), block after block. */
export type AdaptedNet<M = LinearParams> = { blocks: { up: M; down: M }[] };

/** One replicate. */
export interface AdaptationTask {
  net: AdaptedNet<LinearParams<NdArray>>;
  /** Paths of the maps that differ. */
  needed: string[];
  x: NdArray;
  y: NdArray;
  testX: NdArray;
  testY: NdArray;
  /** Squared error of the frozen network on the held-out inputs. */
  frozenError: number;
}

/** Ranks of an update in a map that needs one. */
const RANKS: Readonly<Record<Need, number>> = { concentrated: 4, uniform: 1 };

/** The network on rows [n, d]. */
export function adaptedNet({ blocks }: AdaptedNet<Linear>, x: Tensor): Tensor {
  return blocks.reduce((h, { up, down }) => add(h, linear(down, relu(linear(up, h)))), x);
}

/** x w on the host; x [n, d] row-major. */
function times(x: Float64Array, w: NdArray): Float64Array {
  const [inputs, outputs] = w.shape, rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let n = 0; n < rows; n++) {
    for (let i = 0; i < inputs; i++) {
      const factor = x[n * inputs + i];
      for (let j = 0; j < outputs; j++) {
        y[n * outputs + j] += factor * Number(w.data[i * outputs + j]);
      }
    }
  }
  return y;
}

function forward({ blocks }: AdaptedNet<LinearParams<NdArray>>, x: NdArray): Float64Array {
  let h = Float64Array.from(x.data as Float32Array);
  for (const { up, down } of blocks) {
    const change = times(times(h, up.w).map((v) => Math.max(0, v)), down.w);
    h = h.map((v, k) => v + change[k]);
  }
  return h;
}

/** Entries of a random update of some rank, [d, d], of a squared norm. */
function updateOf(s: Stream, width: number, rank: number, norm2: number): Float64Array {
  const left = s.child("left").normal([width, rank]);
  const right = s.child("right").normal([rank, width]);
  const product = times(Float64Array.from(left.data as Float32Array), right);
  const factor = Math.sqrt(norm2 / product.reduce((sum, v) => sum + v * v, 0));
  return product.map((v) => v * factor);
}

/** A network, a target that needs updates as `need` says, and data without noise. */
export function adaptationTask(seed: number, need: Need, sizes: AdaptationSizes): AdaptationTask {
  const { width, blocks, train, test, update } = sizes;
  const root = stream(seed, "adalora", need);
  const places = Array.from(
    { length: blocks },
    (_, i) => [`blocks.${i}.up`, `blocks.${i}.down`],
  ).flat();
  const needed = need === "uniform"
    ? places
    : Array.from(root.child("needed").choice(places.length, places.length / 4), (i) => places[i]);
  // Weights of variance 1/d have squared norm d each.
  const norm2 = update ** 2 * width * places.length / needed.length;
  const network = (moved: boolean) => ({
    blocks: Array.from({ length: blocks }, (_, i) => {
      const map = (name: "up" | "down") => {
        const path = `blocks.${i}.${name}`;
        const w = root.child(path, "w").normal([width, width], { std: 1 / Math.sqrt(width) });
        const change = moved && needed.includes(path)
          ? updateOf(root.child(path, "update"), width, RANKS[need], norm2)
          : new Float64Array(width * width);
        const values = Float64Array.from(w.data as Float32Array, (x, k) => x + change[k]);
        return { w: fromNumbers(values, [width, width]), b: initZeros([width]) };
      };
      return { up: map("up"), down: map("down") };
    }),
  });
  const net = network(false), target = network(true);
  const x = root.child("train").normal([train, width]);
  const testX = root.child("test").normal([test, width]);
  const testY = forward(target, testX), before = forward(net, testX);
  return {
    net,
    needed,
    x,
    y: fromNumbers(forward(target, x), [train, width]),
    testX,
    testY: fromNumbers(testY, [test, width]),
    frozenError: testY.reduce((sum, v, k) => sum + (v - before[k]) ** 2, 0) / testY.length,
  };
}
