// The vocabulary of the tensor compiler: dtypes, host arrays, shapes, trees.

/**
 * Element types. `bool` is one byte an element on the host, 0 or 1. `float64` runs on cpu and wasm; `float16`
 * everywhere, but cpu and wasm compute it in float32 and round after each operator.
 */
export type DType = "float16" | "float32" | "float64" | "int32" | "int64" | "bool";

/** Host storage of each {@linkcode DType}: `Uint8Array` for `bool`, `BigInt64Array` for `int64`. */
export type HostData =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** Type and static shape of an array; `[]` is a scalar. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A concrete array on the host, row-major. */
export interface NdArray extends Spec {
  readonly data: HostData;
}

/** Leaves of type `L` in nested arrays and records. Record keys are visited in sorted order. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** Where programs run. */
export type Provider = "cpu" | "cuda" | "webgpu" | "wasm";

/** Why the compiler or a provider refused; `code` says which kind of refusal for programs. */
export type TensorErrorCode =
  | "shape"
  | "dtype"
  | "argument"
  | "derivative"
  | "tree"
  | "input"
  | "provider"
  | "unsupported"
  | "runtime";

/** Every error thrown by the tensor compiler and its providers. */
export class TensorError extends Error {
  override readonly name = "TensorError";
  constructor(readonly code: TensorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** `float32[2, 3]`, as error messages write it. */
export function describe(x: Spec): string {
  return `${x.dtype}[${x.shape.join(", ")}]`;
}
