// Data of the experiments: points on low-dimensional sets, turned into D dimensions, and functions on them.

import type { Stream } from "../tensor/random.ts";

/** A function that is linear between knots: heights at increasing places from 0 to 1. */
export interface PiecewiseLinear {
  readonly knots: readonly number[];
  readonly heights: readonly number[];
}

/** Value of a piecewise linear function at t in [0, 1]. @throws RangeError outside of its knots */
export function piecewiseLinear({ knots, heights }: PiecewiseLinear, t: number): number {
  const right = knots.findIndex((knot) => t <= knot);
  if (right < 0 || t < knots[0]) throw new RangeError(`${t} is outside of the knots ${knots}`);
  if (right === 0) return heights[0];
  const share = (t - knots[right - 1]) / (knots[right] - knots[right - 1]);
  return heights[right - 1] + share * (heights[right] - heights[right - 1]);
}

/** The paper's curve (App. B): (t sin 4πt, t cos 4πt, t(1 − t)). */
export function spiral(t: number): number[] {
  const angle = 4 * Math.PI * t;
  return [t * Math.sin(angle), t * Math.cos(angle), t * (1 - t)];
}

/** A flat torus of dimension d in 2d coordinates, of radius 1: angles 2πθ, θ in [0, 1]^d. */
export function torus(theta: readonly number[]): number[] {
  const radius = 1 / Math.sqrt(theta.length);
  return theta.flatMap((u) => [
    radius * Math.cos(2 * Math.PI * u),
    radius * Math.sin(2 * Math.PI * u),
  ]);
}

/**
 * Π_i triangle(θ_i): on a torus of any dimension continuous, with kinks only where a factor turns; mean
 * 0 and variance 1 for uniform θ, so that dimensions differ and nothing else does.
 */
export function triangleProduct(theta: readonly number[]): number {
  return theta.reduce((product, u) => product * Math.sqrt(3) * (4 * Math.abs(u - 0.5) - 1), 1);
}

/** A rotation or reflection of D dimensions, uniform (Haar): rows of a [D, D] orthogonal matrix. */
export function randomOrthogonal(D: number, random: Stream): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let i = 0; i < D; i++) {
    const row = random.normal([D], { dtype: "float64" }).data as Float64Array;
    // Gram-Schmidt twice: once leaves errors that grow with D.
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of rows) {
        const along = dot(row, earlier);
        row.forEach((_, j) => row[j] -= along * earlier[j]);
      }
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((v) => v / length));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Points of few coordinates as points of D: `fill` gives the other coordinates of each, then all are
 * turned: x = x̃ U. Float32 [n, D], flat.
 * @throws RangeError when a point has more than D coordinates
 */
export function embed(
  points: readonly (readonly number[])[],
  rotation: readonly Float64Array[],
  fill: () => number,
): Float32Array {
  const D = rotation.length, x = new Float32Array(points.length * D);
  const turned = new Float64Array(D);
  points.forEach((point, i) => {
    if (point.length > D) throw new RangeError(`${point.length} coordinates do not fit into ${D}`);
    turned.fill(0);
    for (let j = 0; j < D; j++) {
      const value = j < point.length ? point[j] : fill();
      const row = rotation[j];
      for (let k = 0; k < D; k++) turned[k] += value * row[k];
    }
    x.set(turned, i * D);
  });
  return x;
}
