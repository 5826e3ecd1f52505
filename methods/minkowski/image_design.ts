// Designs of real images: pooled pixels in principal coordinates.

import { dot, square } from "../linear_algebra/dense.ts";
import { eigenSymmetric } from "../linear_algebra/eigen.ts";
import type { NdArray } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import type { Part } from "./design.ts";
import type { Points } from "./replicate.ts";

/** Images, bytes [images, height, width, channels]. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Means over squares of `side`×`side` pixels, each channel by itself: [images, d] in [0, 1] with
 * d = height/side · width/side · channels.
 *
 * @throws RangeError when the squares do not fill the image.
 */
export function pooled({ data, height, width, channels }: Pixels, side: number): NdArray {
  if (height % side !== 0 || width % side !== 0) {
    throw new RangeError(`Squares of ${side} pixels do not fill an image of ${width}×${height}`);
  }
  const images = data.length / (height * width * channels);
  const columns = width / side, dimension = (height / side) * columns * channels;
  const out = new Float32Array(images * dimension);
  const share = 1 / (255 * side * side);
  for (let i = 0, at = 0; i < images; i++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const square = Math.floor(y / side) * columns + Math.floor(x / side);
        for (let c = 0; c < channels; c++) {
          out[i * dimension + square * channels + c] += share * data[at++];
        }
      }
    }
  }
  return { dtype: "float32", shape: [images, dimension], data: out };
}

/** Principal coordinates, scaled by one number so that the first has variance 1. */
export interface PrincipalCoordinates {
  /** λ_1 = 1 ≥ λ_2 ≥ … of the first sample's covariance. */
  readonly eigenvalues: Float64Array;
  /** The samples, [rows, d] each. */
  readonly samples: readonly NdArray[];
}

/** Centres samples on the mean of the first one and turns them into its principal axes. */
export function principalCoordinates(samples: readonly NdArray[]): PrincipalCoordinates {
  const [rows, d] = samples[0].shape;
  const first = samples[0].data as Float32Array;
  const mean = new Float64Array(d);
  for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) mean[j] += first[i * d + j] / rows;
  const covariance = new Float64Array(d * d);
  const row = new Float64Array(d);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < d; j++) row[j] = first[i * d + j] - mean[j];
    for (let j = 0; j < d; j++) {
      for (let k = 0; k <= j; k++) covariance[j * d + k] += row[j] * row[k] / rows;
    }
  }
  const ascending = eigenSymmetric(square(covariance, d));
  const values = ascending.values.toReversed();
  const scale = 1 / Math.sqrt(values[0]);
  return {
    // Pixels that never vary have eigenvalues of 0, which rounding may bring below it.
    eigenvalues: values.map((v) => Math.max(0, v / values[0])),
    samples: samples.map(({ data, shape }) => ({
      dtype: "float32",
      shape,
      data: turned(data as Float32Array, mean, ascending.vectors.data, scale),
    })),
  };
}

/** scale · V (x − mean), row by row; the axes are the rows of V, the last one first. */
function turned(
  x: Float32Array,
  mean: Float64Array,
  vectors: Float64Array,
  scale: number,
): Float32Array {
  const d = mean.length;
  const out = new Float32Array(x.length);
  const centred = new Float64Array(d);
  for (let first = 0; first < x.length; first += d) {
    for (let j = 0; j < d; j++) centred[j] = scale * (x[first + j] - mean[j]);
    for (let k = 0; k < d; k++) out[first + k] = dot(vectors, (d - 1 - k) * d, centred, 0, d);
  }
  return out;
}

/**
 * Draws the points of one replicate from images, without replacement: test points from the test images,
 * all others from the training images.
 *
 * @throws RangeError when there are too few images.
 */
export function imagePoints(
  seed: number,
  images: { readonly train: NdArray; readonly test: NdArray },
  rows: Readonly<Record<Part, number>>,
): Points {
  const random = stream(seed, "minkowski", "images");
  const wanted = rows.pool + rows.fresh + rows.validation;
  if (wanted > images.train.shape[0] || rows.test > images.test.shape[0]) {
    throw new RangeError(
      `${wanted} training and ${rows.test} test images are wanted, ` +
        `${images.train.shape[0]} and ${images.test.shape[0]} are there`,
    );
  }
  const train = random.child("train").choice(images.train.shape[0], wanted);
  const test = random.child("test").choice(images.test.shape[0], rows.test);
  const validationFrom = rows.pool + rows.fresh;
  return {
    pool: selected(images.train, train.subarray(0, rows.pool)),
    fresh: selected(images.train, train.subarray(rows.pool, validationFrom)),
    validation: selected(images.train, train.subarray(validationFrom)),
    test: selected(images.test, test),
  };
}

function selected({ shape: [, d], data }: NdArray, rows: Int32Array): NdArray {
  const out = new Float32Array(rows.length * d);
  rows.forEach((row, i) => out.set((data as Float32Array).subarray(row * d, (row + 1) * d), i * d));
  return { dtype: "float32", shape: [rows.length, d], data: out };
}
