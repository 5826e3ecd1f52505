// Random targets of known smoothness: Matérn fields through random Fourier features.

import { add, cos, matmul, mean, mul, type NdArray, type Tensor } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";

/**
 * A field f(x) = √(2/m) Σ_k cos(⟨ω_k, x⟩ + b_k). With many features it is close to a Gaussian process
 * of unit variance; its sample paths are s-Hölder up to logarithms, in every direction alike.
 */
export type Field<L = Tensor> = {
  /** ω, [d, m]. */
  frequencies: L;
  /** b, [m], uniform over a turn. */
  phases: L;
};

/** Sizes and law of a {@link Field}. */
export interface FieldOptions {
  readonly dimension: number;
  /** s, a multiple of ½ and at least ½: the Matérn field's ν. */
  readonly smoothness: number;
  /** m, the number of features. */
  readonly features: number;
  /** ℓ, the length scale in the units of x. @default 1 */
  readonly lengthScale?: number;
}

/**
 * Draws the frequencies of a Matérn-s field, whose spectral density is a multivariate Student t with 2s
 * degrees of freedom and scale 1/ℓ: ω = g √(2s/χ²_{2s}) / ℓ, one χ² for all coordinates of a feature.
 *
 * Each coordinate has a stream of its own, so that a field on more dimensions is the same field on the
 * first of them: designs that differ in d only are compared on the same target.
 *
 * @throws RangeError when 2s is not a positive integer.
 */
export function matern(seed: number, options: FieldOptions): Field<NdArray> {
  const { dimension, smoothness, features, lengthScale = 1 } = options;
  const freedom = 2 * smoothness;
  if (!Number.isInteger(freedom) || freedom < 1) {
    throw new RangeError(`The smoothness must be a multiple of 1/2, not ${smoothness}`);
  }
  const random = stream(seed, "minkowski", "field");
  const normals = random.child("chi").normal([features, freedom], { dtype: "float64" }).data;
  const spread = Float64Array.from({ length: features }, (_, k) => {
    let square = 0;
    for (let i = 0; i < freedom; i++) square += Number(normals[k * freedom + i]) ** 2;
    return Math.sqrt(freedom / square) / lengthScale;
  });
  const frequencies = new Float32Array(dimension * features);
  for (let j = 0; j < dimension; j++) {
    const row = random.child("coordinate", j).normal([features]).data as Float32Array;
    for (let k = 0; k < features; k++) frequencies[j * features + k] = row[k] * spread[k];
  }
  return {
    frequencies: { dtype: "float32", shape: [dimension, features], data: frequencies },
    phases: random.child("phases").uniform([features], { high: 2 * Math.PI }),
  };
}

/** Values [n] of a field at x [n, d]. */
export function fieldValues({ frequencies, phases }: Field, x: Tensor): Tensor {
  return mul(mean(cos(add(matmul(x, frequencies), phases)), -1), Math.sqrt(2 * phases.shape[0]));
}
