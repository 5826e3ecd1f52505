// Learning curves: the error of networks fitted to samples of growing size.

import { learningRates, warmupCosine } from "../optim/mod.ts";
import { load, type NdArray, type Provider } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { inputScale } from "./design.ts";
import { compileFits, joined, stackedStart } from "./fit.ts";
import { initMlp } from "./network.ts";
import type { Labelled, Replicate } from "./replicate.ts";

/** How networks are fitted. */
export interface FitSettings {
  /** Sample sizes n, rising. */
  readonly sizes: readonly number[];
  readonly width: number;
  readonly hidden: number;
  readonly steps: number;
  readonly batch: number;
  /** Peak learning rate of Adam; linear warm-up, then half a cosine to 0. */
  readonly lr: number;
  readonly warmup: number;
  /** Steps between validations; divides `steps`. */
  readonly interval: number;
}

/** The learning curve of one seed; errors are relative to Var f₀. */
export interface LearningCurve {
  readonly seed: number;
  readonly sizes: readonly number[];
  /** ‖f̂ − f₀‖² / Var f₀ on test points without noise, for each size. */
  readonly error: readonly number[];
  /** The same for the network that was fitted to the fresh rows without noise: the optimiser's floor. */
  readonly floor: number;
  /** Step of the checkpoint that was kept, for each size. */
  readonly bestStep: readonly number[];
  /** Mean loss of the batches since the last checkpoint but one, for each size. */
  readonly training: readonly number[];
  /** Var f₀ before scaling. */
  readonly variance: number;
}

/** Fits all sizes of all replicates in one program and returns a curve for each. */
export async function learningCurves(
  replicates: readonly Replicate[],
  settings: FitSettings,
  { provider, threads }: { readonly provider: Provider; readonly threads?: number },
): Promise<LearningCurve[]> {
  const { sizes, steps, interval, batch } = settings;
  if (steps % interval !== 0) {
    throw new RangeError(`${steps} steps cannot be validated every ${interval} steps`);
  }
  const [{ pool, fresh, validation, test }] = replicates;
  const poolRows = pool.y.shape[0], freshRows = fresh.y.shape[0];
  if (sizes.some((n) => n > poolRows)) {
    throw new RangeError(
      `A sample of ${Math.max(...sizes)} exceeds the ${poolRows} rows there are`,
    );
  }
  const rows = poolRows + freshRows;
  const dimension = pool.x.shape[1];
  const checkpoints = steps / interval;
  const members = [
    ...sizes.map((count) => ({ first: 0, count })),
    { first: poolRows, count: freshRows },
  ];
  const program = compileFits({
    ...settings,
    dimension,
    seeds: replicates.length,
    members: members.length,
    rows,
    validation: validation.y.shape[0],
    test: test.y.shape[0],
    checkpoints,
  });
  const schedule = warmupCosine({ peak: settings.lr, warmup: settings.warmup, steps });
  const starts = replicates.map(({ seed }) =>
    initMlp(stream(seed, "minkowski", "network"), { ...settings, dimension }, inputScale(dimension))
  );
  const executable = await load(program, { provider, threads, finite: true });
  try {
    const result = await executable.run({
      ...stackedStart(starts),
      pool: stackRows(replicates.flatMap((r) => [r.pool, r.fresh]), []),
      order: batchOrder(replicates.map((r) => r.seed), members, { rows, steps, interval, batch }),
      rates: { ...learningRates(schedule, 0, steps), shape: [checkpoints, interval] },
      validation: stackRows(replicates.map((r) => r.validation), [replicates.length]),
      test: stackRows(replicates.map((r) => r.test), [replicates.length]),
    });
    return replicates.map(({ seed, variance }, s) => {
      const at = (m: number) => s * members.length + m;
      const trace = (array: NdArray, m: number) =>
        Array.from(array.data as Float32Array).slice(
          at(m) * checkpoints,
          (at(m) + 1) * checkpoints,
        );
      const error = members.map((_, m) => Number(result.test.data[at(m)]));
      return {
        seed,
        sizes,
        error: error.slice(0, -1),
        floor: error[sizes.length],
        bestStep: sizes.map((_, m) => interval * (1 + argmin(trace(result.validation, m)))),
        training: sizes.map((_, m) => trace(result.training, m)[checkpoints - 1]),
        variance,
      };
    });
  } finally {
    await executable.dispose();
  }
}

/** Examples of several sets, one after another, with `lead` in front of the shape of each set's rows. */
function stackRows(sets: readonly Labelled[], lead: readonly number[]): Labelled {
  const shape = (arrays: readonly NdArray[]) => {
    const rows = arrays.reduce((n, a) => n + a.shape[0], 0);
    const each = lead.reduce((a, b) => a / b, rows);
    return [...lead, each, ...arrays[0].shape.slice(1)];
  };
  const stack = (arrays: readonly NdArray[]): NdArray => ({
    dtype: "float32",
    shape: shape(arrays),
    data: joined(arrays),
  });
  return { x: stack(sets.map((set) => set.x)), y: stack(sets.map((set) => set.y)) };
}

/**
 * Rows of every batch: each member goes through its rows epoch by epoch, in a new random order each
 * time; int32 [checkpoints, interval, seeds, members, batch], counted through the rows of all seeds.
 */
function batchOrder(
  seeds: readonly number[],
  members: readonly { readonly first: number; readonly count: number }[],
  { rows, steps, interval, batch }: {
    readonly rows: number;
    readonly steps: number;
    readonly interval: number;
    readonly batch: number;
  },
): NdArray {
  const data = new Int32Array(steps * seeds.length * members.length * batch);
  seeds.forEach((seed, s) =>
    members.forEach(({ first, count }, m) => {
      const random = stream(seed, "minkowski", "order", first, count);
      let epoch = random.permutation(count), used = 0;
      for (let step = 0; step < steps; step++) {
        const place = ((step * seeds.length + s) * members.length + m) * batch;
        for (let i = 0; i < batch; i++) {
          if (used === count) [epoch, used] = [random.permutation(count), 0];
          data[place + i] = s * rows + first + epoch[used++];
        }
      }
    })
  );
  return {
    dtype: "int32",
    shape: [steps / interval, interval, seeds.length, members.length, batch],
    data,
  };
}

function argmin(values: readonly number[]): number {
  return values.reduce((best, value, i) => value < values[best] ? i : best, 0);
}
