// What the tests of layers and models share: the reference's arrays, its batches, and comparison.

import assert from "node:assert/strict";
import type { CocaConfig } from "../../../methods/nn/mod.ts";
import { type DType, fromNumbers, type NdArray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

/** An array as the reference scripts write it. */
export interface Written {
  shape: number[];
  values: number[];
}

/** An array as tests/reference/compact.py writes it: numbers in one line. */
export interface Compact {
  shape: number[];
  values: string;
}

/** A sample of a large array, from the same script. */
export interface Sample extends Compact {
  meanSquare: number;
  at: string;
}

/** The numbers of a line. */
export function numbersOf(line: string): number[] {
  return line === "" ? [] : line.split(" ").map(Number);
}

/** A line of numbers as an array. */
export function arrayOf({ shape, values }: Compact, dtype: DType = "float32"): NdArray {
  return fromNumbers(numbersOf(values), shape, dtype);
}

/** Asserts that an array is what compact.py wrote, whole or sampled, to `tolerance` of its largest. */
export function assertCompact(
  actual: NdArray,
  expected: Compact | Sample,
  tolerance: number,
  what: string,
): void {
  assert.deepEqual([...actual.shape], expected.shape, what);
  const values = numbersOf(expected.values);
  if (!("at" in expected)) {
    assertWritten(actual, { shape: expected.shape, values }, tolerance, what);
    return;
  }
  const { meanSquare } = expected, at = numbersOf(expected.at);
  assertSketch(actual, { meanSquare, at, values }, tolerance, what);
}

/** A few numbers that stand for a large array. */
export interface Sketch {
  meanSquare: number;
  at: number[];
  values: number[];
}

/** Largest difference, relative to the largest reference value (at least `floor`). */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 1e-30,
): number {
  let worst = 0, scale = floor;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return worst / scale;
}

/** Asserts that an array is the written one, to `tolerance` of its largest value. */
export function assertWritten(
  actual: NdArray,
  expected: Written,
  tolerance: number,
  what: string,
): void {
  assert.deepEqual([...actual.shape], expected.shape, what);
  const error = relativeError(actual.data as Float32Array, expected.values);
  assert.ok(error <= tolerance, `${what} differs by ${error} of its largest value`);
}

/** Asserts that an array has the sketched values and mean square, to `tolerance` of its largest. */
export function assertSketch(
  actual: NdArray,
  expected: Sketch,
  tolerance: number,
  what: string,
): void {
  const data = actual.data as Float32Array;
  const square = data.reduce((sum, x) => sum + x * x, 0) / data.length;
  const root = Math.sqrt(expected.meanSquare), scale = Math.max(root, 1e-30);
  const difference = Math.abs(Math.sqrt(square) - root);
  assert.ok(
    difference <= tolerance * scale,
    `${what}: root mean square ${Math.sqrt(square)}`,
  );
  const error = relativeError(expected.at.map((i) => data[i]), expected.values, scale);
  assert.ok(error <= tolerance, `${what} differs by ${error} of its largest value`);
}

/** Images and captions, as `batch_of` of tests/reference/coca.py makes them. */
export function referenceBatch(
  config: CocaConfig,
  size: number,
  ...name: [number, ...(string | number)[]]
): { images: NdArray; tokens: NdArray } {
  const s = stream(...name);
  const { channels, image, vocab, textLength } = config;
  const images = s.child("images").normal([size, channels, image, image], { std: 0.5 });
  const tokens = s.child("tokens").integers(1, vocab, [size, textLength]);
  const lengths = s.child("lengths").integers(5, textLength + 1, [size]).data;
  const data = tokens.data as Int32Array;
  for (let i = 0; i < size; i++) {
    data.fill(0, i * textLength + Number(lengths[i]), (i + 1) * textLength);
  }
  return { images, tokens };
}

/** Arrays of one shape as one array with a leading axis. */
export function stackArrays(arrays: readonly NdArray[]): NdArray {
  const [first] = arrays;
  const length = first.data.length;
  const data = first.data instanceof Int32Array
    ? new Int32Array(arrays.length * length)
    : new Float32Array(arrays.length * length);
  arrays.forEach((array, i) => data.set(array.data as Float32Array, i * length));
  return { dtype: first.dtype, shape: [arrays.length, ...first.shape], data };
}
