// How many paths a trained network needs (Lemma 4.1): the others can be deleted together, unnoticed.

import { compile, load, type NdArray, ndarray, type Tensor, vmap } from "../tensor/mod.ts";
import { type Architecture, convResNeXt, type Parameters } from "./network.ts";
import { balancedNorm, layerNorms } from "./path_norms.ts";
import type { Execution } from "./train.ts";

/** Gates that are evaluated in one run of the program. */
const AT_ONCE = 16;

/** The order of deletion: paths (n·M + m) from the smallest balanced norm to the largest. */
export function deletionOrder(
  architecture: Architecture,
  parameters: Parameters<NdArray>,
): number[] {
  const norms = layerNorms(architecture, parameters).flat().map(balancedNorm);
  return norms.map((_, path) => path).sort((a, b) => norms[a] - norms[b] || a - b);
}

/**
 * RMS change of the predictions at x [n, D], relative to the RMS of the predictions about their mean,
 * when the 1, 2, …, M·N smallest paths are deleted (see {@link deletionOrder}): for each network an
 * array [M·N].
 */
export async function deletionCurves(
  architecture: Architecture,
  networks: readonly Parameters<NdArray>[],
  x: readonly Float32Array[],
  { provider, threads }: Execution,
): Promise<number[][]> {
  const { D, M, N } = architecture, n = x[0].length / D;
  const program = compile(
    (p: Parameters, x: Tensor, gates: Tensor) =>
      vmap((gate: Tensor) => convResNeXt(architecture, p, x, gate))(gates),
    [networks[0], ndarray(x[0], [n, D]), { dtype: "float32", shape: [AT_ONCE, N, M] }],
    { name: "convresnext-deletions" },
  );
  const executable = await load(program, { provider, threads });
  try {
    const curves: number[][] = [];
    for (const [r, parameters] of networks.entries()) {
      const predictions: Float32Array[] = [];
      const points = ndarray(x[r], [n, D]), order = deletionOrder(architecture, parameters);
      for (const gates of gateBatches(order)) {
        const { data } = await executable.run(parameters, points, ndarray(gates, [AT_ONCE, N, M]));
        for (let i = 0; i < AT_ONCE; i++) {
          predictions.push((data as Float32Array).slice(i * n, (i + 1) * n));
        }
      }
      curves.push(relativeChanges(predictions.slice(0, order.length + 1)));
    }
    return curves;
  } finally {
    await executable.dispose();
  }
}

/** Gates for 0, 1, 2, … deletions in `order`, {@link AT_ONCE} at a time; the last batch has more of the same. */
function* gateBatches(order: readonly number[]): Generator<Float32Array> {
  for (let from = 0; from <= order.length; from += AT_ONCE) {
    const gates = new Float32Array(AT_ONCE * order.length).fill(1);
    for (let i = 0; i < AT_ONCE; i++) {
      for (const path of order.slice(0, from + i)) gates[i * order.length + path] = 0;
    }
    yield gates;
  }
}

/** RMS distances of predictions from the first ones, relative to the spread of these. */
function relativeChanges([whole, ...deleted]: readonly Float32Array[]): number[] {
  const mean = whole.reduce((sum, v) => sum + v, 0) / whole.length;
  const scale = rms(whole, (v) => v - mean);
  return deleted.map((f) => rms(f, (v, i) => v - whole[i]) / scale);
}

function rms(f: Float32Array, of: (value: number, i: number) => number): number {
  return Math.sqrt(f.reduce((sum, v, i) => sum + of(v, i) ** 2, 0) / f.length);
}

/**
 * Active paths: those that are left when as many of the smallest as possible are deleted, all at
 * once, with a relative RMS change of at most `tolerance`. The number of paths if none can go.
 */
export function activePaths(curve: readonly number[], tolerance: number): number {
  let deletable = 0;
  while (deletable < curve.length && curve[deletable] <= tolerance) deletable++;
  return curve.length - deletable;
}
