// Samples of the experiments: what is drawn, from named streams, for one seed.

import { stream } from "../tensor/random.ts";
import {
  embed,
  type PiecewiseLinear,
  piecewiseLinear,
  randomOrthogonal,
  spiral,
  torus,
  triangleProduct,
} from "./manifold.ts";
import type { Risk } from "./objective.ts";

/** A set of low dimension and a function on it. */
export type Shape =
  /** The paper's curve (d = 1) with g₀ along it. */
  | { readonly kind: "spiral"; readonly target: PiecewiseLinear }
  /** A flat torus of dimension d with `amplitude` times a product of d triangle waves. */
  | { readonly kind: "torus"; readonly d: number; readonly amplitude: number };

/** How data are made. */
export interface DataSpec {
  readonly shape: Shape;
  /** D, the ambient dimension. */
  readonly D: number;
  /**
   * Width of the interval, centred at 0, from which the coordinates beyond the shape's own are drawn
   * uniformly before the rotation, as in the paper's experiment. With 0 the data lie on the manifold,
   * as in its theorems.
   */
  readonly irrelevant: number;
  /** Responses g + N(0, 1) (`squared`), or labels of log-odds g (`logistic`). */
  readonly risk: Risk;
}

/** Points [n, D], responses or labels [n], the function's values [n], places on the curve [n]. */
export interface Drawn {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly truth: Float64Array;
  /** t of the spiral, or the first angle of a torus over 2π: in [0, 1]. */
  readonly place: Float64Array;
}

/**
 * The sample of `role` for a seed; roles are independent, and share the seed's rotation. Training
 * points of the spiral are evenly spaced (App. B), all others uniform.
 */
export function draw(
  spec: DataSpec,
  seed: number,
  role: "train" | "validation" | "test",
  n: number,
): Drawn {
  const { shape, D, irrelevant } = spec;
  const random = stream(seed, "convresnext", "sample", role);
  const places = random.child("places"), noise = random.child("noise");
  const filling = random.child("irrelevant");
  const d = shape.kind === "spiral" ? 1 : shape.d;
  const theta = Array.from(
    { length: n },
    (_, i) =>
      shape.kind === "spiral" && role === "train"
        ? [(i + 0.5) / n]
        : Array.from({ length: d }, () => places.nextUniform()),
  );
  const truth = Float64Array.from(
    theta,
    (at) =>
      shape.kind === "spiral"
        ? piecewiseLinear(shape.target, at[0])
        : shape.amplitude * triangleProduct(at),
  );
  return {
    x: embed(
      theta.map((at) => shape.kind === "spiral" ? spiral(at[0]) : torus(at)),
      randomOrthogonal(D, stream(seed, "convresnext", "rotation", D)),
      () => irrelevant * (filling.nextUniform() - 0.5),
    ),
    y: Float32Array.from(
      truth,
      (g) =>
        spec.risk === "squared"
          ? g + noise.nextNormal()
          : Number(noise.nextUniform() < 1 / (1 + Math.exp(-g))),
    ),
    truth,
    place: Float64Array.from(theta, (at) => at[0]),
  };
}
