// Concrete arrays on the host: construction, conversion, size.
import {
  describe,
  type DType,
  type HostData,
  type NdArray,
  type Spec,
  TensorError,
} from "./types.ts";
import { kindOf } from "./tree.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

const BYTES: Record<DType, number> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bool: 1,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

/** Bytes of an array of this type and shape. */
export function bytesOf({ dtype, shape }: Spec): number {
  return sizeOf(shape) * bytesPerElement(dtype);
}

/** Zero-filled host storage. */
export function storage(dtype: DType, length: number): HostData {
  switch (dtype) {
    case "float16":
      return new Float16Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "bool":
      return new Uint8Array(length);
    default:
      throw new TensorError("dtype", dtypeProblem(dtype));
  }
}

/** What is wrong with a dtype that is none. */
function dtypeProblem(dtype: unknown): string {
  return `${JSON.stringify(dtype)} is no dtype; use ${Object.keys(BYTES).join(", ")}`;
}

/**
 * Checks a type and shape that a user wrote.
 * @throws TensorError `dtype` or `shape` saying what is wrong
 */
export function requireSpec(what: string, { dtype, shape }: Spec): void {
  if (!Object.hasOwn(BYTES, dtype)) {
    throw new TensorError("dtype", `${what}: ${dtypeProblem(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 0)) {
    throw new TensorError(
      "shape",
      `${what}: shape ${JSON.stringify(shape)}; whole sizes ≥ 0 expected (shapes are static)`,
    );
  }
}

function isFloatData(data: HostData): data is Float16Array | Float32Array | Float64Array {
  return data instanceof Float32Array || data instanceof Float64Array ||
    data instanceof Float16Array;
}

/**
 * The dtype that stores itself in this kind of typed array.
 * @throws TensorError `dtype` for other kinds
 */
export function dtypeOf(data: HostData): DType {
  if (data instanceof Float16Array) return "float16";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Uint8Array) return "bool";
  throw new TensorError(
    "dtype",
    `ndarray: ${
      kindOf(data)
    } holds no dtype; use Float32Array.from(…), Int32Array.from(…), or fromNested() for lists`,
  );
}

/**
 * An array over existing typed data (not copied); shape defaults to one axis.
 * @throws TensorError `shape` when the shape does not hold exactly the data.
 */
export function ndarray(data: HostData, shape: readonly number[] = [data.length]): NdArray {
  if (sizeOf(shape) !== data.length) {
    throw new TensorError(
      "shape",
      `ndarray: ${data.length} elements do not fill shape [${shape.join(", ")}] of ${
        sizeOf(shape)
      }`,
    );
  }
  if (data instanceof Uint8Array) {
    const other = data.findIndex((v) => v > 1);
    if (other >= 0) {
      throw new TensorError(
        "dtype",
        `ndarray: a Uint8Array holds bool, 0 or 1, not ${data[other]} (element ${other}); ` +
          "for bytes use Float32Array.from(…) or Int32Array.from(…)",
      );
    }
  }
  return { dtype: dtypeOf(data), shape: [...shape], data };
}

/**
 * A number as an element of an array of `dtype`; as bool, what is not 0 is 1.
 * @throws TensorError `dtype` when integers of that dtype do not include it
 */
export function asElement(value: number, dtype: DType, op: () => string): number | bigint {
  if (dtype === "bool") return value === 0 ? 0 : 1;
  if (dtype !== "int32" && dtype !== "int64") return value;
  const holds = dtype === "int32"
    ? value === (value | 0)
    : Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  if (holds) return dtype === "int32" ? value : BigInt(value);
  throw new TensorError(
    "dtype",
    `${op()}: ${value} is no ${dtype}; round it, or use a float dtype (cast() converts tensors)`,
  );
}

/** An array filled with one value. */
export function full(shape: readonly number[], value: number, dtype: DType = "float32"): NdArray {
  requireSpec("full", { dtype, shape });
  const data = storage(dtype, sizeOf(shape));
  if (value !== 0 || Object.is(value, -0)) {
    data.fill(asElement(value, dtype, () => "full") as never);
  }
  return { dtype, shape: [...shape], data };
}

/** An array of zeros. */
export function zeros(shape: readonly number[], dtype: DType = "float32"): NdArray {
  return full(shape, 0, dtype);
}

/** An array of ones. */
export function ones(shape: readonly number[], dtype: DType = "float32"): NdArray {
  return full(shape, 1, dtype);
}

/** Numbers, or arrays of arrays of numbers of equal lengths. */
export type Nested = number | readonly Nested[];

/**
 * An array from nested lists of numbers, e.g. `fromNested([[1, 2], [3, 4]])`.
 * @throws TensorError `shape` when the lists are ragged.
 */
export function fromNested(nested: Nested, dtype: DType = "float32"): NdArray {
  const shape: number[] = [];
  for (let level = nested; typeof level !== "number"; level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: number[] = [];
  const visit = (x: Nested, depth: number) => {
    if (typeof x === "number") {
      if (depth !== shape.length) {
        throw new TensorError("shape", "fromNested: a number beside lists; lists are ragged");
      }
      flat.push(x);
      return;
    }
    if (x.length !== shape[depth]) {
      throw new TensorError(
        "shape",
        `fromNested: a list of ${x.length} beside ${
          shape[depth] === undefined ? "numbers" : `lists of ${shape[depth]}`
        }; lists are ragged`,
      );
    }
    for (const item of x) visit(item, depth + 1);
  };
  visit(nested, 0);
  return fromNumbers(flat, shape, dtype);
}

/**
 * An array from a flat list of numbers in row-major order; as `bool`, what is not 0 is true.
 * @throws TensorError `dtype` for numbers that integers of the dtype do not include
 */
export function fromNumbers(
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType = "float32",
): NdArray {
  const data = storage(dtype, values.length);
  if (isFloatData(data)) data.set(values);
  else {
    for (let i = 0; i < values.length; i++) {
      data[i] = asElement(values[i], dtype, () => "fromNumbers") as never;
    }
  }
  return ndarray(data, shape);
}

/** Elements as JavaScript numbers, row-major. */
export function toNumbers(x: NdArray): number[] {
  return Array.from(x.data as ArrayLike<number | bigint>, Number);
}

/**
 * Elements as nested lists of numbers, the inverse of {@linkcode fromNested}; a scalar's number itself.
 *
 * ```ts
 * import { fromNested, toNested } from "./mod.ts";
 *
 * toNested(fromNested([[1, 2], [3, 4]])); // [[1, 2], [3, 4]]
 * ```
 */
export function toNested(x: NdArray): Nested {
  const flat = toNumbers(x);
  const list = ([size, ...rest]: readonly number[], start: number): Nested => {
    if (size === undefined) return flat[start];
    const each = sizeOf(rest);
    return Array.from({ length: size }, (_, i) => list(rest, start + i * each));
  };
  return list(x.shape, 0);
}

/**
 * The number in an array of one element, e.g. a loss.
 * @throws TensorError `shape` when it has more or none
 */
export function item(x: NdArray): number {
  if (x.data.length === 1) return Number(x.data[0]);
  throw new TensorError(
    "shape",
    `item: ${describe(x)} has ${x.data.length} elements; one expected`,
  );
}

/** Whether a value is a host array. */
export function isNdArray(x: unknown): x is NdArray {
  return typeof x === "object" && x !== null && "data" in x && "dtype" in x && "shape" in x &&
    ArrayBuffer.isView((x as NdArray).data);
}

/** Whether two specs have the same dtype and shape. */
export function sameSpec(a: Spec, b: Spec): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length &&
    a.shape.every((d, i) => d === b.shape[i]);
}
