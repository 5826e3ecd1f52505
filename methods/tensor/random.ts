// Random numbers for the host: counter-based Philox4x32-10 streams, each named by a seed and words.
//
// A stream is a pure function of its name, so that adding a draw somewhere never shifts the draws
// made elsewhere, and any party (see tests/reference/philox.py) can make the same numbers.

import { createHash } from "node:crypto";
import type { NdArray } from "./types.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit integers (as an int32). */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/**
 * The Philox4x32-10 bijection of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3" (SC 2011).
 *
 * @param counter four unsigned 32-bit words.
 * @param key two unsigned 32-bit words.
 * @param out receives four unsigned 32-bit words from `offset`.
 */
export function philox4x32(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array = new Uint32Array(4),
  offset = 0,
): Uint32Array {
  let c0 = counter[0] | 0, c1 = counter[1] | 0, c2 = counter[2] | 0, c3 = counter[3] | 0;
  let k0 = key[0] | 0, k1 = key[1] | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0), low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2), low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[offset] = c0;
  out[offset + 1] = c1;
  out[offset + 2] = c2;
  out[offset + 3] = c3;
  return out;
}

/** Coefficients of algorithm AS 241 (PPND16), M. J. Wichura, Applied Statistics 37 (1988). */
const CENTRE_NUMERATOR = [
  2509.0809287301226727,
  33430.575583588128105,
  67265.770927008700853,
  45921.953931549871457,
  13731.693765509461125,
  1971.5909503065514427,
  133.14166789178437745,
  3.387132872796366608,
];
const CENTRE_DENOMINATOR = [
  5226.495278852545925,
  28729.085735721942674,
  39307.89580009271061,
  21213.794301586595867,
  5394.1960214247511077,
  687.1870074920579083,
  42.313330701600911252,
  1,
];
const MIDDLE_NUMERATOR = [
  7.7454501427834140764e-4,
  0.0227238449892691845833,
  0.24178072517745061177,
  1.27045825245236838258,
  3.64784832476320460504,
  5.7694972214606914055,
  4.6303378461565452959,
  1.42343711074968357734,
];
const MIDDLE_DENOMINATOR = [
  1.05075007164441684324e-9,
  5.475938084995344946e-4,
  0.0151986665636164571966,
  0.14810397642748007459,
  0.68976733498510000455,
  1.6763848301838038494,
  2.05319162663775882187,
  1,
];
const TAIL_NUMERATOR = [
  2.01033439929228813265e-7,
  2.71155556874348757815e-5,
  0.0012426609473880784386,
  0.026532189526576123093,
  0.29656057182850489123,
  1.7848265399172913358,
  5.4637849111641143699,
  6.6579046435011037772,
];
const TAIL_DENOMINATOR = [
  2.04426310338993978564e-15,
  1.4215117583164458887e-7,
  1.8463183175100546818e-5,
  7.868691311456132591e-4,
  0.0148753612908506148525,
  0.13692988092273580531,
  0.59983220655588793769,
  1,
];

function ratio(numerator: readonly number[], denominator: readonly number[], x: number): number {
  let top = 0, bottom = 0;
  for (let i = 0; i < 8; i++) {
    top = top * x + numerator[i];
    bottom = bottom * x + denominator[i];
  }
  return top / bottom;
}

/**
 * Inverse of the standard normal distribution function, by AS 241 (relative error about 1e-16).
 * Rational in the centre; the tails need only `log` and `sqrt`, so results do not hang on a
 * platform's trigonometry.
 *
 * @param probability in (0, 1); 0 and 1 give −∞ and +∞.
 */
export function normalQuantile(probability: number): number {
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const x = 0.180625 - centred * centred;
    return centred * ratio(CENTRE_NUMERATOR, CENTRE_DENOMINATOR, x);
  }
  const tail = centred < 0 ? probability : 1 - probability;
  if (tail <= 0) return centred < 0 ? -Infinity : Infinity;
  const r = Math.sqrt(-Math.log(tail));
  const magnitude = r <= 5
    ? ratio(MIDDLE_NUMERATOR, MIDDLE_DENOMINATOR, r - 1.6)
    : ratio(TAIL_NUMERATOR, TAIL_DENOMINATOR, r - 5);
  return centred < 0 ? -magnitude : magnitude;
}

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

  /** The next standard normal number, from 53 random bits. */
  nextNormal(): number {
    const high = this.nextWord() >>> 5, low = this.nextWord() >>> 6;
    return normalQuantile((high * 67108864 + low + 0.5) / 9007199254740992);
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

  /** Normal draws confined to `mean ± bound·std`, by inversion (`std` is that before truncation). */
  truncatedNormal(
    shape: readonly number[],
    { dtype = "float32", mean = 0, std = 1, bound = 2 }: RealOptions & { bound?: number } = {},
  ): NdArray {
    const edge = normalTail(bound);
    const data = realArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const unit = (this.nextWord() + 0.5) / 4294967296;
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

  /** A uniformly random order of 0 … n−1 (Fisher–Yates). */
  permutation(n: number): Int32Array {
    return this.choice(n, n);
  }

  /** `count` different integers of 0 … n−1, in random order (default 1). */
  choice(n: number, count = 1): Int32Array {
    if (!Number.isInteger(n) || !Number.isInteger(count) || count < 0 || count > n) {
      throw new RangeError(`cannot choose ${count} different values out of ${n}`);
    }
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

/** P(Z > x) for the truncation bound, by bisection of the quantile (once per draw; exact to 1e-16). */
function normalTail(x: number): number {
  if (!(x > 0)) throw new RangeError(`truncation bound ${x} must be positive`);
  let low = 0, high = 0.5;
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (-normalQuantile(middle) > x) low = middle;
    else high = middle;
  }
  return high;
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
