// Gaussian designs: points in the eigenbasis of their covariance, and as a network sees them.

import { orthogonal } from "../nn/mod.ts";
import type { NdArray } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";

/** What the points of a design are for; each part is drawn by itself. */
export type Part = "pool" | "fresh" | "validation" | "test";

/**
 * `rows` points of N(0, diag λ), [rows, d]. Coordinate j has a stream of its own, so that designs of
 * one seed share their first coordinates whatever their dimension.
 */
export function gaussianPoints(
  seed: number,
  part: Part,
  eigenvalues: ArrayLike<number>,
  rows: number,
): NdArray {
  const dimension = eigenvalues.length;
  const data = new Float32Array(rows * dimension);
  for (let j = 0; j < dimension; j++) {
    const scale = Math.sqrt(eigenvalues[j]);
    const column = stream(seed, "minkowski", "design", part, j).normal([rows]).data as Float32Array;
    for (let i = 0; i < rows; i++) data[i * dimension + j] = scale * column[i];
  }
  return { dtype: "float32", shape: [rows, dimension], data };
}

/**
 * Root mean square of each of the d coordinates of a network's input, 16/d.
 *
 * A step of Adam moves each weight by about the learning rate, so it can change what a unit of the first
 * layer computes by about the rate times Σ_j |x_j|. With 16/d that sum does not depend on d, and d is not
 * confounded with the speed of training; at d = 16 the inputs have unit variance. The first layer's
 * weights start from a variance that undoes the factor.
 */
export function inputScale(dimension: number): number {
  return 16 / dimension;
}

/**
 * The map from eigen-coordinates to a network's inputs, [d, d], to be multiplied from the right: a random
 * rotation, so that no coordinate shows the spectrum, times one number for all of them. Standardising
 * each coordinate would undo the spectrum.
 */
export function inputMap(seed: number, eigenvalues: ArrayLike<number>): NdArray {
  const dimension = eigenvalues.length;
  let total = 0;
  for (let j = 0; j < dimension; j++) total += eigenvalues[j];
  return orthogonal(
    stream(seed, "minkowski", "rotation", dimension),
    [dimension, dimension],
    inputScale(dimension) * Math.sqrt(dimension / total),
  );
}
