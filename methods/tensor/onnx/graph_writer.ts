// What operators may do while they are written as ONNX.
import type { NdArray } from "../types.ts";

/** ONNX attribute values; integers and floats are told apart by the key used. */
export interface OnnxAttributes {
  readonly [name: string]:
    | { readonly int: number }
    | { readonly ints: readonly number[] }
    | { readonly float: number }
    | { readonly string: string };
}

/** Appends nodes to the graph being written. */
export interface GraphWriter {
  /** Adds a node (default ONNX domain) and returns its output names. Input "" is an absent option. */
  node(
    op: string,
    inputs: readonly string[],
    attributes?: OnnxAttributes,
    outputs?: number,
  ): string[];
  /** A constant, shared by content when small. */
  initializer(array: NdArray): string;
  /** An int64 vector constant: shapes, axes, sizes. */
  int64s(values: readonly number[]): string;
}
