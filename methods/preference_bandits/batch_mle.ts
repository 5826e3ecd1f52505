/** Estimates thousands of data sets with the vmapped ONNX program. */

import { load, ndarray, type Provider } from "../tensor/mod.ts";
import { compileMle, type DescentOptions, type MleDType } from "./mle_program.ts";
import type { BatchMle } from "./preference_study.ts";

/** Numbers in one tensor of a run, data sets × pairs: enough to fill the kernels, few enough for the cache. */
const BATCH_ELEMENTS = 16384;

/** Where and how {@link vmappedMle} runs. */
export interface BatchOptions extends DescentOptions {
  readonly provider: Provider;
  readonly threads: number;
  /** Largest gradient mapping that counts as converged. */
  readonly tolerance: number;
}

/**
 * A {@link BatchMle} on a provider. The last batch is filled up with copies of its first data set, since a
 * program is for one shape.
 *
 * @throws Error when an estimate has not converged to `tolerance` after all steps.
 */
export function vmappedMle(options: BatchOptions): BatchMle {
  const { provider, threads } = options;
  const dtype: MleDType = provider === "webgpu" ? "float32" : "float64";
  // Gradients in float32 are sums with an error of about 1e-6.
  const tolerance = dtype === "float32" ? Math.max(options.tolerance, 1e-5) : options.tolerance;
  const make = (size: number) =>
    dtype === "float64" ? new Float64Array(size) : new Float32Array(size);
  return async (design, data) => {
    const { dimension: d, pairs: m } = design;
    const batch = Math.min(Math.ceil(BATCH_ELEMENTS / m), data.length);
    const executable = await load(compileMle(design, batch, { ...options, dtype }), {
      provider,
      threads,
    });
    const differences = ndarray(make(m * d).map((_, i) => design.differences[i]), [m, d]);
    const thetas = new Float64Array(data.length * d);
    try {
      for (let from = 0; from < data.length; from += batch) {
        const counts = make(batch * m), wins = make(batch * m);
        for (let i = 0; i < batch; i++) {
          const one = data[from + i < data.length ? from + i : from];
          counts.set(one.counts, i * m);
          wins.set(one.wins, i * m);
        }
        const { theta, residual } = await executable.run(
          differences,
          ndarray(counts, [batch, m]),
          ndarray(wins, [batch, m]),
        );
        for (let i = 0; i < batch && from + i < data.length; i++) {
          const left = Number(residual.data[i]);
          if (!(left <= tolerance)) {
            throw new Error(
              `the estimate of data set ${from + i} has not converged: its gradient mapping is ` +
                `${left} after ${options.steps} steps, the tolerance ${tolerance}`,
            );
          }
          for (let j = 0; j < d; j++) thetas[(from + i) * d + j] = Number(theta.data[i * d + j]);
        }
      }
    } finally {
      await executable.dispose();
    }
    return thetas;
  };
}
