// The vocabulary of the tensor compiler: dtypes, host arrays, shapes, trees, errors.
import { callSite, shortPlace } from "./call_site.ts";

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

/** What a {@linkcode TensorError} may carry beside its message. */
export interface TensorErrorOptions extends ErrorOptions {
  /** Where the node that the error is about was made (`model.ts:12:9`), if that was recorded. */
  readonly madeAt?: string | null;
}

/**
 * Every error thrown by the tensor compiler and its providers. The message reads `operator: what is
 * wrong (model.ts:12:9)`: it ends with the line of the user's code that led to it.
 */
export class TensorError extends Error {
  override readonly name = "TensorError";
  /**
   * `file:line:column` of the innermost frame outside methods/tensor, methods/nn and methods/optim;
   * undefined where none is on the stack, and in bundled programs.
   */
  readonly where?: string;
  /** Functions of methods/nn and methods/optim between that line and the operator, outermost first. */
  readonly via: readonly string[];
  /** The message without the place. */
  readonly problem: string;

  constructor(
    readonly code: TensorErrorCode,
    problem: string,
    { madeAt, ...options }: TensorErrorOptions = {},
  ) {
    const site = callSite();
    const places = [
      ...(madeAt ? [`made at ${madeAt}`] : []),
      ...(site ? [shortPlace(site)] : []),
    ];
    super(places.length > 0 ? `${problem} (${places.join("; ")})` : problem, options);
    this.problem = problem;
    this.where = site?.where;
    this.via = site?.via ?? [];
  }
}

/** `float32[2, 3]`, as error messages write it. */
export function describe(x: Spec): string {
  return `${x.dtype}[${x.shape.join(", ")}]`;
}
