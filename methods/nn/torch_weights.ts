// Weights under the names and layouts of PyTorch modules, as parameters of these layers.

import { type NdArray, TensorError, zeros } from "../tensor/mod.ts";
import type { BatchNormStats, ChannelNormParams } from "./norms.ts";
import type { LayerNormParams, LinearParams } from "./layers.ts";

/** Reads named arrays, checking shapes and that weights are float; float16 is widened to float32, exactly. */
export interface WeightReader {
  /** Whether an array of this name is there. */
  has(name: string): boolean;
  /** The float array of this name and shape. @throws TensorError `input` naming it. */
  array(name: string, shape: readonly number[]): NdArray;
  /** `prefix.weight` [out, in] transposed, and `prefix.bias` (zeros where absent). */
  linear(prefix: string, inputs: number, outputs: number): LinearParams<NdArray>;
  /** `prefix.weight` and `prefix.bias`, each [width]. */
  norm(prefix: string, width: number): LayerNormParams<NdArray>;
  /** As {@link norm}, with `running_mean` and `running_var`. */
  batchNorm(
    prefix: string,
    channels: number,
  ): { params: ChannelNormParams<NdArray>; stats: BatchNormStats<NdArray> };
}

/** A matrix [m, n] as [n, m]. */
export function transposed(x: NdArray): NdArray {
  const [rows, columns] = x.shape;
  const data = x.data.slice();
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[j * rows + i] = x.data[i * columns + j];
  }
  return { dtype: x.dtype, shape: [columns, rows], data };
}

/**
 * A reader of weights such as `readCheckpoint` gives.
 *
 * @param prefix put before every name, e.g. `bert.`.
 */
export function torchWeights(
  tensors: Readonly<Record<string, NdArray>>,
  prefix = "",
): WeightReader {
  const has = (name: string) => Object.hasOwn(tensors, prefix + name);
  const array = (name: string, shape: readonly number[]): NdArray => {
    const full = prefix + name;
    if (!has(name)) {
      const near = Object.keys(tensors).slice(0, 3).map((key) => `"${key}"`).join(", ");
      throw new TensorError("input", `the weights have no "${full}"; they begin with ${near}`);
    }
    const found = tensors[full];
    if (!found.dtype.startsWith("float")) {
      throw new TensorError(
        "input",
        `weight "${full}" is ${found.dtype}; float16, float32 and float64 are read`,
      );
    }
    if (found.shape.length !== shape.length || found.shape.some((d, i) => d !== shape[i])) {
      throw new TensorError(
        "input",
        `weight "${full}" has shape [${found.shape.join(", ")}], the model wants [${
          shape.join(", ")
        }]`,
      );
    }
    if (found.dtype !== "float16") return found;
    return { dtype: "float32", shape, data: Float32Array.from(found.data as Float16Array) };
  };
  const norm = (name: string, width: number) => ({
    scale: array(`${name}.weight`, [width]),
    bias: array(`${name}.bias`, [width]),
  });
  return {
    has,
    array,
    norm,
    linear: (name, inputs, outputs) => {
      const w = transposed(array(`${name}.weight`, [outputs, inputs]));
      if (has(`${name}.bias`)) return { w, b: array(`${name}.bias`, [outputs]) };
      return { w, b: zeros([outputs], w.dtype) };
    },
    batchNorm: (name, channels) => ({
      params: norm(name, channels),
      stats: {
        mean: array(`${name}.running_mean`, [channels]),
        variance: array(`${name}.running_var`, [channels]),
      },
    }),
  };
}
