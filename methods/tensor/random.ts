/**
 * Random numbers for the host: counter-based Philox4x32-10 streams, each named by a seed and words.
 *
 * A stream is a pure function of its name, so that adding a draw somewhere never shifts the draws
 * made elsewhere, and any party (see tests/reference/philox.py) can make the same numbers. Name a
 * stream by what its numbers are for: `stream(seed, "mnist", "dropout")`, then a child for each part
 * and step. Programs take the numbers as inputs; nothing is drawn inside a graph, so that every
 * provider and system computes with the same ones. Only integer operations, `+ − × ÷`, the square
 * root (all exact by IEEE 754) and the logarithm (made in software by the JavaScript engine, alike on
 * every processor) are used.
 *
 * ```ts
 * import { stream } from "./random.ts";
 *
 * const root = stream(7, "example");
 * const weights = root.child("weights").truncatedNormal([784, 10], { std: 0.02 });
 * const order = root.child("order", 0).permutation(60_000);
 * const labels = root.child("labels").categorical([0.2, 0.3, 0.5], [32]);
 * const kept = root.child("dropout", 0).dropoutMask(0.1, [32, 10]);
 * ```
 *
 * @module
 */

import { createHash } from "node:crypto";
import { normalQuantile, normalTail } from "./normal_quantile.ts";
import { philox4x32 } from "./philox.ts";
import type { NdArray } from "./types.ts";

export { normalQuantile } from "./normal_quantile.ts";
export { philox4x32 } from "./philox.ts";

/** Element type of the real-valued draws. */
export type RealDType = "float32" | "float64";

/** Location, scale and element type of a real-valued draw. */
export interface RealOptions {
  /** @default "float32" */
  dtype?: RealDType;
  /** @default 0 */
  mean?: number;
  /** Standard deviation. @default 1 */
  std?: number;
}

function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`shape [${shape.join(", ")}] must hold integers of at least 0`);
    }
    size *= length;
  }
  return size;
}

/** The largest number of a float dtype below `x`. */
function below(x: number, dtype: RealDType): number {
  const one = realArray(dtype, 1);
  one[0] = x;
  // Neighbouring numbers of one sign have neighbouring bits.
  const bits = dtype === "float64"
    ? new BigInt64Array(one.buffer as ArrayBuffer)
    : new Int32Array(one.buffer as ArrayBuffer);
  if (x === 0) return dtype === "float64" ? -5e-324 : -(2 ** -149);
  if (bits instanceof BigInt64Array) bits[0] += x > 0 ? -1n : 1n;
  else bits[0] += x > 0 ? -1 : 1;
  return one[0];
}

function realArray(dtype: RealDType, size: number): Float32Array | Float64Array {
  return dtype === "float64" ? new Float64Array(size) : new Float32Array(size);
}

/**
 * A named sequence of random numbers. Draws advance it; two streams of the same name give the same
 * sequence, streams of different names are independent for all practical purposes.
 */
export class Stream {
  readonly name: readonly (string | number)[];
  readonly #key = new Uint32Array(2);
  /** Words 0 and 1 count blocks; words 2 and 3 are part of the stream's identity. */
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);
  #used = 4;

  /** Use {@link stream}. */
  constructor(name: readonly (string | number)[]) {
    for (const word of name) {
      if (typeof word === "number" && !Number.isSafeInteger(word)) {
        throw new RangeError(`a stream's name may hold safe integers and strings, not ${word}`);
      }
    }
    this.name = [...name];
    // JSON is injective on lists of strings and integers; 128 bits of SHA-256 name the stream.
    const digest = createHash("sha256").update(JSON.stringify(this.name)).digest();
    this.#key[0] = digest.readUInt32LE(0);
    this.#key[1] = digest.readUInt32LE(4);
    this.#counter[2] = digest.readUInt32LE(8);
    this.#counter[3] = digest.readUInt32LE(12);
  }

  /** The stream whose name is this one's with `names` appended; draws from neither affect the other. */
  child(...names: (string | number)[]): Stream {
    return new Stream([...this.name, ...names]);
  }

  /** The next unsigned 32-bit word. */
  nextWord(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      // The expression's value is the sum before it wraps in the array.
      if (++this.#counter[0] === 2 ** 32) this.#counter[1]++;
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }

  /** The next number in [0, 1), a multiple of 2⁻⁵³. */
  nextUniform(): number {
    const high = this.nextWord() >>> 5, low = this.nextWord() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** The next number in (0, 1), of 53 random bits. */
  #openUniform(): number {
    const high = this.nextWord() >>> 5, low = this.nextWord() >>> 6;
    // The largest sum rounds up to 2⁵³; 1 would become an infinite normal number.
    return Math.min(high * 67108864 + low + 0.5, 9007199254740991) / 9007199254740992;
  }

  /** The next standard normal number, from 53 random bits. */
  nextNormal(): number {
    return normalQuantile(this.#openUniform());
  }

  /** The next integer in [low, high), without bias; `high − low` is at most 2³². */
  nextInteger(low: number, high: number): number {
    const range = high - low;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || range < 1 || range > 2 ** 32) {
      throw new RangeError(
        `integers need low < high and at most 2^32 values, not [${low}, ${high})`,
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % range);
    let word = this.nextWord();
    while (word >= limit) word = this.nextWord();
    return low + word % range;
  }

  /**
   * Uniform on [low, high) (default [0, 1)); multiples of 2⁻²⁴ (float32) or 2⁻⁵³ (float64) before
   * scaling.
   */
  uniform(
    shape: readonly number[],
    { dtype = "float32", low = 0, high = 1 }: { dtype?: RealDType; low?: number; high?: number } =
      {},
  ): NdArray {
    const data = realArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const unit = dtype === "float64" ? this.nextUniform() : (this.nextWord() >>> 8) / 16777216;
      data[i] = low + (high - low) * unit;
      // Rounded up: the next number down.
      if (data[i] >= high && high > low) data[i] = below(high, dtype);
    }
    return { dtype, shape: [...shape], data };
  }

  /** Normal draws by inversion: of 32 random bits for float32 (|z| < 6.4), of 53 for float64. */
  normal(
    shape: readonly number[],
    { dtype = "float32", mean = 0, std = 1 }: RealOptions = {},
  ): NdArray {
    const data = realArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const z = dtype === "float64"
        ? this.nextNormal()
        : normalQuantile((this.nextWord() + 0.5) / 4294967296);
      data[i] = mean + std * z;
    }
    return { dtype, shape: [...shape], data };
  }

  /**
   * Normal draws confined to `mean ± bound·std`, by inversion (`std` is that before truncation): of
   * 32 random bits for float32, of 53 for float64.
   */
  truncatedNormal(
    shape: readonly number[],
    { dtype = "float32", mean = 0, std = 1, bound = 2 }: RealOptions & { bound?: number } = {},
  ): NdArray {
    const edge = normalTail(bound);
    const data = realArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const unit = dtype === "float64" ? this.#openUniform() : (this.nextWord() + 0.5) / 4294967296;
      data[i] = mean + std * normalQuantile(edge + (1 - 2 * edge) * unit);
    }
    return { dtype, shape: [...shape], data };
  }

  /** Zeros and ones, one with the given probability (to within 2⁻³³). */
  bernoulli(probability: number, shape: readonly number[]): NdArray {
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`probability ${probability} is not in [0, 1]`);
    }
    const data = new Uint8Array(sizeOf(shape));
    const threshold = Math.round(probability * 2 ** 32);
    for (let i = 0; i < data.length; i++) if (this.nextWord() < threshold) data[i] = 1;
    return { dtype: "bool", shape: [...shape], data };
  }

  /**
   * An inverted-dropout mask: 0 with probability `rate`, rounded to a multiple of 2⁻¹⁶, else the
   * value that makes the mean 1. Two elements share a word, since masks are drawn for every step.
   *
   * @param rate in [0, 1).
   */
  dropoutMask(rate: number, shape: readonly number[]): NdArray {
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout rate ${rate} is not in [0, 1)`);
    const data = new Float32Array(sizeOf(shape));
    const kept = Math.max(1, Math.round((1 - rate) * 65536)), value = 65536 / kept;
    for (let i = 0; i < data.length; i += 2) {
      const word = this.nextWord();
      if ((word & 0xffff) < kept) data[i] = value;
      // A write beyond an odd end is ignored.
      if ((word >>> 16) < kept) data[i + 1] = value;
    }
    return { dtype: "float32", shape: [...shape], data };
  }

  /** Integers in [low, high) without bias; int32, so bounds must fit. */
  integers(low: number, high: number, shape: readonly number[]): NdArray {
    if (low < -(2 ** 31) || high > 2 ** 31) {
      throw new RangeError(`[${low}, ${high}) does not fit int32; use nextInteger`);
    }
    const data = new Int32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = this.nextInteger(low, high);
    return { dtype: "int32", shape: [...shape], data };
  }

  /**
   * Independent draws of 0 … k−1, each with a probability proportional to its weight; int32. By
   * inversion of 53 random bits, so that one draw takes two words whatever k is.
   *
   * @param weights k finite numbers of at least 0, not all 0; they need not add up to 1.
   */
  categorical(weights: ArrayLike<number>, shape: readonly number[]): NdArray {
    const cumulative = new Float64Array(weights.length);
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      if (!(weights[i] >= 0 && weights[i] < Infinity)) {
        throw new RangeError(`weight ${i} is ${weights[i]}; weights are finite and at least 0`);
      }
      cumulative[i] = total += weights[i];
    }
    if (!(total > 0 && total < Infinity)) {
      throw new RangeError(`the weights add up to ${total}; a positive finite sum is needed`);
    }
    const data = new Int32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const place = this.nextUniform() * total;
      let low = 0, high = weights.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (cumulative[middle] > place) high = middle;
        else low = middle + 1;
      }
      data[i] = low;
    }
    return { dtype: "int32", shape: [...shape], data };
  }

  /** A uniformly random order of 0 … n−1 (Fisher–Yates). */
  permutation(n: number): Int32Array {
    return this.choice(n, n);
  }

  /**
   * `count` integers of 0 … n−1 (default 1): different ones in random order, or independent ones
   * when `replace` is true. For unequal probabilities see {@link categorical}.
   */
  choice(n: number, count = 1, { replace = false }: { replace?: boolean } = {}): Int32Array {
    if (!Number.isInteger(n) || !Number.isInteger(count) || count < 0 || n < 0) {
      throw new RangeError(`cannot choose ${count} values out of ${n}`);
    }
    if (replace && (n > 0 || count === 0)) {
      return Int32Array.from({ length: count }, () => this.nextInteger(0, n));
    }
    if (count > n) throw new RangeError(`cannot choose ${count} different values out of ${n}`);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i < n - 1 ? this.nextInteger(i, n) : i;
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order.subarray(0, count);
  }
}

/**
 * The stream of the given name.
 *
 * @example
 * const order = stream(7, "optima", "batches", epoch).permutation(items);
 */
export function stream(seed: number, ...names: (string | number)[]): Stream {
  return new Stream([seed, ...names]);
}
