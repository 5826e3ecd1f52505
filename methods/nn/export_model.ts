// A trained model as one ONNX file that holds its weights.

import {
  compile,
  constant,
  encodeProgram,
  type NdArray,
  type Program,
  type SpecOf,
  treeLeaves,
  treeMap,
} from "../tensor/mod.ts";

/** A model with its weights inside. */
export interface ExportedModel<Inputs extends readonly unknown[], R> {
  /** Takes the inputs alone. */
  program: Program<Inputs, R>;
  /** The file; any ONNX Runtime runs it by the names of the program's inputs and outputs. */
  onnx: Uint8Array<ArrayBuffer>;
  /** Numbers in the weights. */
  parameters: number;
}

/**
 * The model with its parameters as constants of the program.
 *
 * @param model a function of traced parameters and inputs.
 * @param params a tree of host arrays; parts that `model` does not use are not written.
 *
 * @example
 * ```ts
 * import { type Tensor, zeros } from "../tensor/mod.ts";
 * import { exportModel, linear, type LinearParams } from "./mod.ts";
 *
 * const params = { w: zeros([3, 2]), b: zeros([2]) };
 * const { onnx, parameters } = exportModel(
 *   (p: LinearParams, x: Tensor) => linear(p, x),
 *   params,
 *   [{ dtype: "float32", shape: [8, 3] }],
 * );
 * console.log(parameters, onnx.length); // 8 and some hundred bytes
 * ```
 */
export function exportModel<P, H, Inputs extends readonly unknown[], R>(
  model: (params: P, ...inputs: Inputs) => R,
  params: H,
  inputs: { readonly [K in keyof Inputs]: SpecOf<Inputs[K]> },
  name = "model",
): ExportedModel<Inputs, R> {
  const program = compile(
    (...traced: Inputs) => {
      const constants = treeMap<H, P>((leaf) => constant(leaf as NdArray), params);
      return model(constants, ...traced);
    },
    inputs,
    { name },
  );
  const sizes = treeLeaves(params).map(({ leaf }) => (leaf as NdArray).data.length);
  return {
    program,
    onnx: encodeProgram(program as unknown as Program<never, unknown>),
    parameters: sizes.reduce((a, b) => a + b, 0),
  };
}
