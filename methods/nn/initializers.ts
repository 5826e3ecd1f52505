// What weights start from: Glorot, He, truncated normal and orthogonal draws from named streams.

import { type NdArray, sizeOf, TensorError } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";

/** Inputs that one output unit sees, and outputs that one input unit reaches. */
export interface Fans {
  in: number;
  out: number;
}

/** How wide the draws of {@link glorot} and {@link he} are. */
export interface InitOptions {
  /** @default "uniform" */
  distribution?: "uniform" | "normal";
  /** Factor on the standard deviation. @default 1 for Glorot, √2 (for ReLU) for He */
  gain?: number;
  /** @default {@link fansOf} the shape */
  fans?: Fans;
}

/**
 * Fans of a weight as this module lays it out: [in, out] of linear maps, [out, in, ...window] of
 * convolutions.
 *
 * @throws TensorError `shape` for fewer than two axes.
 */
export function fansOf(shape: readonly number[]): Fans {
  if (shape.length < 2) {
    throw new TensorError(
      "shape",
      `fansOf: a weight of shape [${shape.join(", ")}] has no fans; give them`,
    );
  }
  if (shape.length === 2) return { in: shape[0], out: shape[1] };
  const window = sizeOf(shape.slice(2));
  return { in: shape[1] * window, out: shape[0] * window };
}

function draw(stream: Stream, shape: readonly number[], std: number, options: InitOptions) {
  if (options.distribution === "normal") return stream.normal(shape, { std });
  const bound = Math.sqrt(3) * std;
  return stream.uniform(shape, { low: -bound, high: bound });
}

/**
 * Variance gain²·2/(in + out): keeps the scale of values forwards and of gradients backwards
 * (Glorot and Bengio, AISTATS 2010, equation 16); `torch.nn.init.xavier_*`.
 */
export function glorot(
  stream: Stream,
  shape: readonly number[],
  options: InitOptions = {},
): NdArray {
  const fans = options.fans ?? fansOf(shape);
  const std = (options.gain ?? 1) * Math.sqrt(2 / (fans.in + fans.out));
  return draw(stream, shape, std, options);
}

/**
 * Variance gain²/in: keeps the scale of values through layers of rectifiers (He et al., arXiv
 * 1502.01852, equation 10); `torch.nn.init.kaiming_*`.
 */
export function he(stream: Stream, shape: readonly number[], options: InitOptions = {}): NdArray {
  const fans = options.fans ?? fansOf(shape);
  const std = (options.gain ?? Math.SQRT2) / Math.sqrt(fans.in);
  return draw(stream, shape, std, options);
}

/**
 * A random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al., arXiv
 * 1312.6120): the Q of a normal matrix, made on the host by Gram–Schmidt in float64. Axes after the
 * first are taken as one.
 *
 * @param gain factor on the result. @default 1
 * @throws TensorError `shape` for fewer than two axes.
 */
export function orthogonal(stream: Stream, shape: readonly number[], gain = 1): NdArray {
  if (shape.length < 2) {
    throw new TensorError(
      "shape",
      `orthogonal: a weight of shape [${
        shape.join(", ")
      }] cannot be orthogonal; two axes are needed`,
    );
  }
  const rows = shape[0], columns = sizeOf(shape.slice(1));
  const wide = rows < columns;
  const count = Math.min(rows, columns), length = Math.max(rows, columns);
  const normal = stream.normal([rows, columns], { dtype: "float64" }).data as Float64Array;
  // Vector k is row k of a wide matrix, column k of a tall one.
  const place = (k: number, i: number) => wide ? k * columns + i : i * columns + k;
  const basis = Array.from(
    { length: count },
    (_, k) => Float64Array.from({ length }, (_, i) => normal[place(k, i)]),
  );
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += a[i] * b[i];
    return sum;
  };
  const data = new Float32Array(rows * columns);
  basis.forEach((vector, k) => {
    // Twice is enough: the second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < k; j++) {
        const along = dot(vector, basis[j]);
        for (let i = 0; i < length; i++) vector[i] -= along * basis[j][i];
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    for (let i = 0; i < length; i++) {
      vector[i] /= norm;
      data[place(k, i)] = gain * vector[i];
    }
  });
  return { dtype: "float32", shape: [...shape], data };
}
