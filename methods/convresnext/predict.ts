// Predictions of trained replicates.

import { compile, load, type NdArray, ndarray, type Tensor, vmap } from "../tensor/mod.ts";
import { type Architecture, convResNeXt, type Parameters } from "./network.ts";
import type { Execution } from "./train.ts";

/** Predictions f(x) of each of R replicates (weights stacked) at its own x [n, D] → R arrays [n]. */
export async function predict(
  architecture: Architecture,
  parameters: Parameters<NdArray>,
  x: readonly Float32Array[],
  { provider, threads }: Execution,
): Promise<Float32Array[]> {
  const R = x.length, { D } = architecture, n = x[0].length / D;
  const all = new Float32Array(R * n * D);
  x.forEach((own, r) => all.set(own, r * n * D));
  const points = ndarray(all, [R, n, D]);
  const program = compile(
    vmap((p: Parameters, x: Tensor) => convResNeXt(architecture, p, x)),
    [parameters, points],
    { name: "convresnext-predictions" },
  );
  const executable = await load(program, { provider, threads });
  try {
    const { data } = await executable.run(parameters, points);
    return x.map((_, r) => (data as Float32Array).slice(r * n, (r + 1) * n));
  } finally {
    await executable.dispose();
  }
}
