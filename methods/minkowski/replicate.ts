// One replicate of a learning curve: a target, and the points and labels of all its samples.

import { compile, load, matmul, type NdArray, type Provider, type Tensor } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import type { Part } from "./design.ts";
import { type Field, fieldValues } from "./field.ts";

/** Points of each part: eigen-coordinates, [rows, d]. */
export type Points = Readonly<Record<Part, NdArray>>;

/** Points as a network sees them and labels; `x` [rows, d], `y` [rows]. */
export interface Labelled {
  readonly x: NdArray;
  readonly y: NdArray;
}

/**
 * What the fits of one seed draw from. Labels are those of the target brought to mean 0 and variance 1
 * over the design, so that a squared error is relative to Var f₀.
 */
export interface Replicate {
  readonly seed: number;
  /** Noisy; a sample of size n is its first n rows, so that samples of one seed are nested. */
  readonly pool: Labelled;
  /** Without noise: rows for the fit that shows the optimiser's floor. */
  readonly fresh: Labelled;
  /** Noisy, for choosing a checkpoint. */
  readonly validation: Labelled;
  /** Without noise: the error here is ‖f̂ − f₀‖² / Var f₀. */
  readonly test: Labelled;
  /** Var f₀ before it was brought to 1. */
  readonly variance: number;
}

/** What {@linkcode makeReplicate} needs. */
export interface ReplicateOptions {
  readonly seed: number;
  readonly points: Points;
  /** [d, d]; see `inputMap`. */
  readonly map: NdArray;
  readonly field: Field<NdArray>;
  /** σ / sd(f₀). */
  readonly noise: number;
  readonly provider: Provider;
  readonly threads?: number;
}

/** Points a run of the labelling program takes; bounds its memory. */
const ROWS = 2000;

/** Maps and labels the points of a seed. */
export async function makeReplicate(options: ReplicateOptions): Promise<Replicate> {
  const { seed, points, noise } = options;
  const parts = Object.keys(points) as Part[];
  const all = await mapAndLabel(parts.map((part) => points[part]), options);
  const clean = Object.fromEntries(parts.map((part, i) => [part, all[i]])) as Record<
    Part,
    Labelled
  >;
  // Moments over the parts that no fit learns from.
  const { mean, variance } = moments([clean.fresh.y, clean.test.y]);
  const finish = (part: Part, sd: number): Labelled => {
    const y = clean[part].y.data as Float32Array;
    const draws = stream(seed, "minkowski", "noise", part).normal([y.length]).data as Float32Array;
    const data = y.map((value, i) => (value - mean) / Math.sqrt(variance) + sd * draws[i]);
    return { x: clean[part].x, y: { ...clean[part].y, data } };
  };
  return {
    seed,
    pool: finish("pool", noise),
    fresh: finish("fresh", 0),
    validation: finish("validation", noise),
    test: finish("test", 0),
    variance,
  };
}

/** Network inputs and values of the field for each array of points. */
async function mapAndLabel(
  arrays: readonly NdArray[],
  { map, field, provider, threads }: ReplicateOptions,
): Promise<Labelled[]> {
  const [dimension, features] = field.frequencies.shape;
  const f32 = (...shape: number[]) => ({ dtype: "float32" as const, shape });
  const program = compile(
    (x: Tensor, map: Tensor, field: Field) => ({ x: matmul(x, map), y: fieldValues(field, x) }),
    [f32(ROWS, dimension), f32(dimension, dimension), {
      frequencies: f32(dimension, features),
      phases: f32(features),
    }],
    { name: "label" },
  );
  const executable = await load(program, { provider, threads });
  try {
    const results: Labelled[] = [];
    for (const { shape: [rows], data } of arrays) {
      const x = new Float32Array(rows * dimension), y = new Float32Array(rows);
      for (let first = 0; first < rows; first += ROWS) {
        const count = Math.min(ROWS, rows - first);
        const chunk = new Float32Array(ROWS * dimension);
        chunk.set((data as Float32Array).subarray(first * dimension, (first + count) * dimension));
        const out = await executable.run(
          { dtype: "float32", shape: [ROWS, dimension], data: chunk },
          map,
          field,
        );
        x.set((out.x.data as Float32Array).subarray(0, count * dimension), first * dimension);
        y.set((out.y.data as Float32Array).subarray(0, count), first);
      }
      results.push({
        x: { dtype: "float32", shape: [rows, dimension], data: x },
        y: { dtype: "float32", shape: [rows], data: y },
      });
    }
    return results;
  } finally {
    await executable.dispose();
  }
}

function moments(arrays: readonly NdArray[]): { mean: number; variance: number } {
  const values = arrays.flatMap(({ data }) => [...data as Float32Array]);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, variance };
}
